"""`shortlist bench` with every rival of the repository: ``python -m benches.bench --rivals numba``."""

import sys

from shortlist.cli import main

from . import rivals, rules  # noqa: F401  (adds them)

if __name__ == "__main__":
    sys.argv[0] = "shortlist"
    sys.argv.insert(1, "bench")
    main()
