"""Inputs by chance for everything that reads: `python -m fuzz`, or `make fuzz MINUTES=10`.

`targets` has a function for each reader, `corpus` a folder of inputs for each, and `mutate` makes others of them.
"""
