"""Kills of a loop: at random moments, and at every single write."""
