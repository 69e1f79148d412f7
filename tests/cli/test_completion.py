"""What shells complete: the script is printed by the command, and run in the real shell where there is one."""

import json
import os
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("click")
# What a shell does at its start, with the script as it is printed and where it is installed, and to complete a line.
PRINTED = {
    "bash": 'eval "$(shortlist completion bash)"',
    "zsh": 'compdef() { : }; eval "$(shortlist completion zsh)"',
    "fish": "shortlist completion fish | source",
}
INSTALLED = {
    "bash": "source ~/.local/share/bash-completion/completions/shortlist",
    "zsh": "fpath=(~/.zfunc $fpath); autoload -Uz _shortlist; _shortlist_completion() { _shortlist }",
    "fish": "",
}
LINE = {
    "bash": """
        COMP_WORDS=(LINE); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
        _shortlist_completion shortlist; printf '%s\\n' "${COMPREPLY[@]}" """,
    # Outside a line that is edited, zsh has no lists to add to.
    "zsh": """
        compadd() { print -rl -- $completions }
        _describe() { print -rl -- ${completions_with_descriptions%%:*} }
        words=(LINE); CURRENT=${#words}; _shortlist_completion""",
    "fish": "complete -C 'LINE'",
}


@pytest.fixture
def typed(tmp_path):
    """Return what a shell offers for each of some lines."""
    program = tmp_path / "shortlist"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m shortlist "$@"\n')
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    environment = {name: value for name, value in environment.items() if not name.startswith("XDG_")}

    def call(shell, start, lines):
        if shutil.which(shell) is None:
            pytest.skip(f"there is no {shell}")
        script = "\n".join([start, *(LINE[shell].replace("LINE", line) + "\necho ---" for line in lines)])
        done = subprocess.run([shell, "-c", script], capture_output=True, text=True, env=environment, timeout=60)
        assert done.stderr == ""
        parts = done.stdout.split("---\n")[:-1]
        return [[offered.partition("\t")[0] for offered in part.split("\n") if offered] for part in parts]

    return call


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a home without settings."""
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("shell", LINE)
def test_a_shell_completes_commands_options_and_strategies(typed, shell):
    lines = [
        "shortlist s",
        "shortlist loop ing",
        "shortlist select --excl",
        "shortlist select probs.npy --strategy mar",
    ]
    commands, deeper, options, strategies = typed(shell, PRINTED[shell], lines)
    assert commands == ["select", "simulate"]
    assert deeper == ["ingest"]
    assert "--exclude-positions" in options
    assert strategies == ["margin"]


@pytest.mark.parametrize("shell", LINE)
def test_a_shell_finds_what_is_installed(typed, command, home, shell):
    place, needs = command("completion", shell, "--install").stdout.splitlines()
    assert place.startswith(f"completion for {shell} is now in {home}/.")
    assert ("fpath=" in needs) == (shell == "zsh")
    again = command("completion", shell, "--install").stdout.splitlines()
    assert again == [place.replace("is now", "was already"), needs]
    assert typed(shell, INSTALLED[shell], ["shortlist s"]) == [["select", "simulate"]]


def test_folders_that_variables_name(command, home, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative, and so nobody's")
    for shell, file in [
        ("bash", home / "data" / "bash-completion" / "completions" / "shortlist"),
        ("fish", home / ".config" / "fish" / "completions" / "shortlist.fish"),
    ]:
        found = json.loads(command("completion", shell, "--install", "--format", "json").stdout)
        assert (found["shell"], found["file"], found["new"]) == (shell, str(file), True)
        assert file.read_text() == found["script"] == command("completion", shell).stdout
    assert json.loads(command("completion", "zsh", "--format", "json").stdout)["file"] is None


def test_a_file_in_the_way(command, home):
    (home / ".zfunc").write_text("not a folder")
    done = command("completion", "zsh", "--install", code=1)
    assert done.stderr.startswith("shortlist: error: ")
    assert str(home / ".zfunc") in done.stderr


def test_a_shell_that_is_not_known(command):
    done = command("completion", "tcsh", code=2)
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in done.stderr
