"""Labels that people gave, out of the files of annotation tools, and rows to label into them.

>>> import shortlist as sl
>>> sl.labels.read("export.json")  # doctest: +SKIP
"""

from shortlist.labels.reading import read
from shortlist.labels.table import Label, Labels

__all__ = ["read", "Label", "Labels"]
