"""A labelling project as a specification: rounds, triggers, stops and estimates that are true."""
