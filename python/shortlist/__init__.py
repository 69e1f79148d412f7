"""Pick, out of a huge unlabelled pool, the few rows worth a person's time."""
