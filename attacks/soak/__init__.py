"""Hours of mixed use: nothing grows, nothing hangs, and every answer is the one of the first minute."""
