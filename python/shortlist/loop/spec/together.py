"""What must fit together in a spec: names that other tables define, shares of one whole,
a strategy and its model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.loop.cleanlab.needed import ACTIVELAB
from shortlist.loop.spec import names
from shortlist.loop.spec.checks import is_path
from shortlist.loop.spec.pool_columns import check_pool
from shortlist.loop.spec.rules import check_rules
from shortlist.loop.spec.tables import given
from shortlist.loop.spec.toml import shown
from shortlist.registry import did_you_mean, measures

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from shortlist.loop.spec.mistakes import Mistakes

ROUNDING = 1e-9
"""What shares may be above 1 together, as 0.1 + 0.2 + 0.7 is."""


def check_together(found: dict[str, dict[str, Any]], values: Mapping[str, Any], m: Mistakes, folder: Path) -> None:
    """Note what does not fit together, and settle the defaults that depend on other keys."""
    kind = check_pool(found["pool"], found["seed"], found["round"], m, folder)
    _classes(found, m)
    _model(found["model"], found["pool"], kind, m)
    if m.fine("[model] command", "[model] poll", "[retrain] where", "[retrain] address"):
        _where(found["model"], found["retrain"], m)
    _strategy(found, m)
    _handoff(found["handoff"], m)
    _shares(found, given(values, "round.mix") or {}, m)
    if found["seed"]["rows"] == 0 and found["seed"]["labels"] is None and m.fine("[seed] rows", "[seed] labels"):
        m.add("seed", "rows", "is 0, and there are no [seed] labels; accepted is 1 or more, or a file of labels")
    if m.fine("[check] issues", "[check] action", "[round] mix.relabel"):
        _hold(found, m)
    check_rules(found, m)


def _hold(found: dict[str, dict[str, Any]], m: Mistakes) -> None:
    if found["check"]["action"] == "hold":
        lacks = []
        if found["check"]["issues"] is None:
            lacks.append('nothing looks for suspects; needed is issues = "builtin"')
        if not found["round.mix"]["relabel"]:
            lacks.append("no row is sent back to be confirmed; needed is a share of relabel in [round] mix")
        for lack in lacks:
            m.add("check", "action", f'is "hold", and {lack}')


def _classes(found: dict[str, dict[str, Any]], m: Mistakes) -> None:
    if not m.fine("classes"):
        return
    classes = found[""]["classes"]
    _named(found.get("help", ()), classes, "help", "", m)
    _named(found["seed"]["search"], classes, "seed", "search", m)
    if "round.rare" in found and m.fine("[round] rare.classes"):
        _named(found["round.rare"]["classes"], classes, "round.rare", "classes", m)


def _named(wanted: Iterable[str], classes: tuple[str, ...], table: str, key: str, m: Mistakes) -> None:
    for name in wanted:
        if name not in classes:
            known = f"accepted are the classes {', '.join(classes)}"
            m.add(table, key, f"has {shown(name)}, which is no class; {known}{did_you_mean(name, classes)}")


def _model(model: dict[str, Any], pool: dict[str, Any], kind: str | None, m: Mistakes) -> None:
    if not m.fine("[model]", "[model] command", "[model] estimator", "[model] members", "[model] committee"):
        return
    estimator, command, committee = model["estimator"], model["command"], model["committee"]
    if command is not None:
        for key, default in (("estimator", None), ("committee", ()), ("members", 1)):
            if model[key] != default:
                m.add("model", key, f"is {shown(model[key])}, and there is a command too; accepted is one of the two")
    elif committee and (model["members"] > 1 or estimator is not None):
        key = "members" if model["members"] > 1 else "estimator"
        m.add("model", key, f"is {shown(model[key])}, and there is a committee too; accepted is one of the two")
    elif kind is not None:
        if estimator is None and not committee:
            model["estimator"] = names.TEXT_ESTIMATOR if kind == "text" else "logistic"
        if pool["text"] is None:
            for key, wanted in (("estimator", [estimator]), ("committee", committee)):
                if names.TEXT_ESTIMATOR in wanted:
                    accepted = ", ".join(name for name in names.ESTIMATORS if name != names.TEXT_ESTIMATOR)
                    came = f"has {shown(names.TEXT_ESTIMATOR)}, and the pool has no text"
                    m.add("model", key, f"{came}; accepted are {accepted}, and package.module:function")


def _where(model: dict[str, Any], retrain: dict[str, Any], m: Mistakes) -> None:
    where = retrain["where"]
    if where == "command" and model["command"] is None:
        m.add("retrain", "where", 'is "command", and [model] has no command; accepted are local, dask and ray')
    if model["poll"] is not None and (model["command"] is None or where in ("dask", "ray")):
        lacks = "[model] has no command" if model["command"] is None else f"where is {shown(where)}, which waits itself"
        m.add("model", "poll", f"is {shown(model['poll'])}, and {lacks}; accepted is poll with a command that submits")
    if where == "local" and model["command"] is not None:
        # A command always runs as a process of its own, here unless a cluster is named.
        retrain["where"] = "command"
    if retrain["address"] is not None and where not in ("dask", "ray"):
        m.add(
            "retrain",
            "address",
            f"is {shown(retrain['address'])}, and where is {shown(where)}; accepted is an address with dask or ray",
        )


def _strategy(found: dict[str, dict[str, Any]], m: Mistakes) -> None:
    rounds, model = found["round"], found["model"]
    strategy = rounds["strategy"]
    if not m.fine("[round] strategy", "[model] members", "[model] committee"):
        return
    if strategy == ACTIVELAB and rounds["weight"] is not None:
        m.add(
            "round",
            "weight",
            "multiplies scores of which the highest come first, and those of activelab come lowest first",
        )
    measure = next((one for one in measures() if one.name == strategy), None)
    if measure is not None and measure.kind == "committee" and model["members"] == 1 and not model["committee"]:
        m.add(
            "round",
            "strategy",
            f"is {shown(strategy)}, which compares the members of a committee, and [model] has one model; needed is "
            "members = 5, or committee = [...]",
        )
    returns = model["returns"]
    if measure is not None and returns not in measure.inputs and m.fine("[model] returns"):
        accepted = ", ".join(one.name for one in measures() if returns in one.inputs)
        came = f"which reads {' and '.join(measure.inputs)}, and [model] returns is {shown(returns)}"
        m.add("round", "strategy", f"is {shown(strategy)}, {came}; accepted are {accepted}")
    diverse = found.get("round.diverse")
    if diverse is None or not m.fine("[round] diverse.rule", "[round] diverse.among", "[round] rows"):
        return
    if strategy in names.rules():
        m.add(
            "round",
            "diverse",
            f"picks among the rows that a measure puts first, and strategy is {shown(strategy)}; accepted is a measure, "
            f"or to leave diverse out",
        )
    if diverse["among"] < rounds["rows"]:
        least = f"accepted is {rounds['rows']} or more, the rows of a round"
        m.add("round.diverse", "among", f"is {diverse['among']}; {least}")


def _handoff(handoff: dict[str, Any], m: Mistakes) -> None:
    """Note what is said of a Label Studio that is reached by HTTP, where there is none."""
    if is_path(handoff["tool"]) or not m.fine("[handoff] tool"):
        return
    live = handoff["tool"] == "label-studio"
    for key in ("url", "project", "show_model"):
        if handoff[key] is not None and not (live and (handoff["url"] or key == "url")):
            needed = "a url" if live else 'tool = "label-studio"'
            m.add("handoff", key, f"is {shown(handoff[key])}, which takes {needed}; accepted are both, or neither")


def _shares(found: dict[str, dict[str, Any]], written: Mapping[str, Any], m: Mistakes) -> None:
    mix, rare, validation = found["round.mix"], found.get("round.rare"), found["validation"]
    if validation["share"] == 0 and mix["validation"] > 0 and m.fine("[validation] share", "[round] mix.validation"):
        if "validation" in written:
            m.add(
                "round.mix", "validation", "is a share of rows that [validation] share = 0 does not keep; accepted is 0"
            )
        mix["validation"] = 0.0
    parts = {name: value for name, value in mix.items() if m.fine(f"[round] mix.{name}")}
    if rare and m.fine("[round] rare.share"):
        parts["rare"] = rare["share"]
    total = sum(parts.values())
    if total > 1 + ROUNDING:
        listed = ", ".join(f"{name} {value:g}" for name, value in parts.items() if value)
        m.add(
            "round",
            "mix",
            f"and rare are shares of a round, and {listed} are {total:g} together; accepted is at most 1",
        )
