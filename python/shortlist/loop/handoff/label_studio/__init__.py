"""Label Studio, live: rounds go into a project, and answers come back, over HTTP. As of Label Studio 1.23."""

from shortlist.loop.handoff.label_studio.tool import LabelStudio

__all__ = ["LabelStudio"]
