"""What is kept of a model's answers where a cluster scores the pool:
those for the rows that rounds may reach, and no others.
"""
