"""What Cleanlab finds out about a loop's labels:
suspects, a consensus of several people, what to ask next, a report.
"""
