"""What shells complete: the script is printed by the command, and run in the real shell where there is one."""

import os
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("click")
IN = {
    "bash": """
        eval "$(shortlist completion bash)"
        COMP_WORDS=(LINE); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _shortlist_completion shortlist; printf '%s\\n' "${COMPREPLY[@]}" """,
    # Outside a line that is edited, zsh has no lists to add to.
    "zsh": """
        compdef() { : }; compadd() { print -rl -- $completions }
        _describe() { print -rl -- ${completions_with_descriptions%%:*} }
        eval "$(shortlist completion zsh)"
        words=(LINE); CURRENT=${#words}; _shortlist_completion""",
    "fish": "shortlist completion fish | source; complete -C 'LINE'",
}


@pytest.fixture
def typed(tmp_path):
    """Return what a shell offers for a line."""
    program = tmp_path / "shortlist"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m shortlist "$@"\n')
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)}

    def call(shell, line):
        script = IN[shell].replace("LINE", line)
        done = subprocess.run([shell, "-c", script], capture_output=True, text=True, env=environment, timeout=60)
        assert done.stderr == ""
        return [offered.partition("\t")[0] for offered in done.stdout.split("\n") if offered]

    return call


@pytest.mark.parametrize("shell", IN)
def test_a_shell_completes_commands_options_and_strategies(typed, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    assert typed(shell, "shortlist s") == ["select", "simulate"]
    assert typed(shell, "shortlist loop ing") == ["ingest"]
    assert "--exclude-positions" in typed(shell, "shortlist select --excl")
    assert typed(shell, "shortlist select probs.npy --strategy mar") == ["margin"]


def test_a_shell_that_is_not_known(command):
    done = command("completion", "tcsh", code=2)
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in done.stderr
