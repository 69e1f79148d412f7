"""Planning: which rows the next round asks about, and why."""

from shortlist.loop.planning.plan import Plan, plan

__all__ = ["Plan", "plan"]
