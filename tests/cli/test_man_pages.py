"""Man pages say of every command what its `--help` says."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

pytest.importorskip("click_man")
SCRIPT = Path(__file__).parents[2] / "docs" / "man.py"


def paths(group, words=()):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*words, name), command
        if isinstance(command, click.Group):
            yield from paths(command, (*words, name))


def test_there_is_a_page_for_each_command(tmp_path):
    from shortlist.cli.app import app

    subprocess.run([sys.executable, SCRIPT, tmp_path], check=True, capture_output=True, timeout=60)
    commands = dict(paths(app))
    pages = {path.stem: path.read_text() for path in tmp_path.glob("*.1")}
    assert pages.keys() == {"shortlist", *("-".join(("shortlist", *words)) for words in commands)}
    for words, command in commands.items():
        page = pages["-".join(("shortlist", *words))].replace("\\-", "-")
        assert "..." not in page.partition(".SH SYNOPSIS")[0]  # what `apropos` finds is whole
        for option in command.params:
            assert isinstance(option, click.Argument) or option.opts[-1] in page, (words, option.name)
    assert "[default: margin]" in pages["shortlist-select"]
    assert "shortlist-loop-init(1)" in pages["shortlist-loop"].replace("\\-", "-")
