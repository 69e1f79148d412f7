"""`shortlist loop`: a labelling project by its specification, one file for each kind of command."""

from shortlist.cli.loop.group import loop_command

__all__ = ["loop_command"]
