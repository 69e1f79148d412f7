"""Rounds handed to people, and answers that come home."""
