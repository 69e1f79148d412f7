"""Do what the first page of the docs says, as a newcomer does: copied, pasted, and not a word changed.

Run by `make wheels` with the Python that Shortlist was installed into, and by the workflows. What the page has of Python
goes into one file, as it says; each line of the command is then called in the same folder.
"""

import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "index.md"


def code_of(page: str, language: str) -> str:
    """Return all code of a page that is in a language, from the first line to the last."""
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE))


def main() -> None:
    """Run the page."""
    page = PAGE.read_text(encoding="utf-8")
    commands = [line for line in code_of(page, "sh").splitlines() if line.startswith("shortlist ")]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "start_here.py"
        script.write_text(code_of(page, "python"), encoding="utf-8")
        subprocess.run([sys.executable, script.name], cwd=folder, check=True)
        for line in commands:
            program = shutil.which("shortlist", path=sysconfig.get_path("scripts"))
            if program is None:
                raise SystemExit("newcomer: the command isn't there; install shortlist with [cli]")
            subprocess.run([program, *shlex.split(line, comments=True)[1:]], cwd=folder, check=True)
        picks = (Path(folder) / "picks.csv").read_text(encoding="utf-8").splitlines()
    if picks[0] != "rank,index,score" or len(picks) != 21:
        raise SystemExit(f"newcomer: picks.csv begins with {picks[0]!r} and has {len(picks)} lines; wanted are 20 rows")
    print(f"the first page of the docs runs as it stands: {len(commands)} command, and all of its Python")


if __name__ == "__main__":
    main()
