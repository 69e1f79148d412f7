"""Attacks on what must not fail: each is a module that runs by itself, and `python -m attacks` runs them all.

An attack prints what it tried and what it found, ends with `report.ended`, and has its line in `__main__.ATTACKS`.
"""
