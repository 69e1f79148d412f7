"""Auditing: what is true of a loop so far, of its groups, classes, people and labels."""

from shortlist.loop.auditing.audit import Audit, audit_of

__all__ = ["Audit", "audit_of"]
