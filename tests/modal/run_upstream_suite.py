"""Run modAL's own test-suite against Shortlist: ``python tests/modal/run_upstream_suite.py PATH/TO/modAL/tests``.

The path is the ``tests`` folder of your own checkout of modAL, with ``core_tests.py`` and ``mock.py`` in it; nothing there is
changed. torch, skorch and pandas have to be installed.
"""

from __future__ import annotations

import sys
import unittest
import warnings
from pathlib import Path

import shortlist.modal


def main() -> int:
    if len(sys.argv) < 2 or not (Path(sys.argv[1]) / "core_tests.py").is_file():
        print(__doc__)
        return 2
    sys.path.insert(0, str(Path(sys.argv[1]).resolve()))
    warnings.simplefilter("ignore")
    shortlist.modal.install_as_modAL()
    names = [f"core_tests.{name}" for name in sys.argv[2:]] or ["core_tests"]
    result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromNames(names))
    print(f"{result.testsRun - len(result.failures) - len(result.errors)} of {result.testsRun} pass")
    return not result.wasSuccessful()


if __name__ == "__main__":
    raise SystemExit(main())
