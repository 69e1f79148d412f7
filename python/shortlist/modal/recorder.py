"""Run a script and note every query it makes. Needs nothing of Shortlist,
so that an old environment can run it too.

``python recorder.py OUT.jsonl SCRIPT [ARGUMENT ...]``; with ``SHORTLIST_RECORD=shortlist`` modAL is
stood in for first.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import sys
from typing import Any


def record(out: Any, cls: Any) -> None:
    """Make ``cls.query`` write a line of what it returns."""
    query = cls.query

    def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = query(self, *args, **kwargs)
        import numpy as np

        picks = np.asarray(answer[0]).reshape(-1).tolist()
        strategy = getattr(self.query_strategy, "__name__", type(self.query_strategy).__name__)
        out.write(json.dumps({"learner": type(self).__name__, "strategy": strategy, "picks": picks}) + "\n")
        out.flush()
        return answer

    cls.query = recorded


def main(path: str, script: str) -> None:
    """Run the script as ``__main__`` while its queries are written to a file."""
    sys.path[0] = os.path.dirname(os.path.abspath(script))  # noqa: PTH100, PTH120 - as old as the environment
    if os.environ.get("SHORTLIST_RECORD") == "shortlist":
        importlib.import_module("shortlist.modal").install_as_modAL()
    base = importlib.import_module("modAL.models.base")
    with open(path, "w", encoding="utf-8") as out:  # noqa: PTH123
        record(out, base.BaseLearner)
        record(out, base.BaseCommittee)
        runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    target, name = sys.argv[1:3]
    sys.argv = sys.argv[2:]
    main(target, name)
