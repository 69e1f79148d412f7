"""The page that people label on: a small server beside a loop, for one machine or a team."""
