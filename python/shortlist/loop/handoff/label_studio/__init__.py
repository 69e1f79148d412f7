"""Label Studio, live: rounds go into a project, and answers come back, over HTTP.
As of Label Studio 1.23.
"""

from shortlist.loop.handoff.label_studio.http import checked_url
from shortlist.loop.handoff.label_studio.project import check_name
from shortlist.loop.handoff.label_studio.tool import LabelStudio, Wanted

__all__ = ["LabelStudio", "Wanted", "check_name", "checked_url"]
