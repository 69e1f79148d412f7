"""What is true of a loop: estimates with intervals, comparisons, agreement, suspects, groups."""
