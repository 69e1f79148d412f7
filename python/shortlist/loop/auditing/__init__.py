"""Auditing: what is true of a loop so far, of its groups, classes, people and labels."""
