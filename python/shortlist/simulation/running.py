"""`simulate`: every strategy, every repeat, in parallel processes."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import joblib
from sklearn.linear_model import LogisticRegression

from shortlist.arguments import whole
from shortlist.groups import as_labels
from shortlist.options import number, several
from shortlist.simulation.journal import Journal, run_of
from shortlist.simulation.loop import GIVEN, run
from shortlist.simulation.result import Simulation
from shortlist.simulation.settings import settings_of
from shortlist.simulation.strategies import Strategy, named
from shortlist.stopping import Rule, rule_of
from shortlist.threads import thread_count

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

MOST_REPEATS = 2**20 - 1


def simulate(
    X: Any,
    y: Any,
    estimator: Any = None,
    strategies: str | Iterable[str] | Mapping[str, Strategy | str] = ("margin", "entropy", "least_confident"),
    *,
    batch: int = 20,
    budget: int | None = None,
    initial: int | None = None,
    seed_set: str = "random",
    repeats: int = 30,
    test: float = 0.3,
    pool: int | None = None,
    scoring: Any = "accuracy",
    stop: str | Rule | Iterable[str | Rule] = (),
    retrain: str | None = None,
    target: float | None = None,
    screen: bool = True,
    random_state: int = 0,
    n_jobs: int | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], object] | bool | None = None,
) -> Simulation:
    """Find out on labelled data whether strategies save labels against random sampling.

    Parameters
    ----------
    X : rows of shape (n, features)
        An array, list, frame or sparse matrix.
    y : array-like of shape (n,)
        The label of each row, of two classes or more.
    estimator : classifier, default=LogisticRegression(max_iter=1000)
        Cloned for each run; every ``random_state`` left at None is set by the repeat.
    strategies : str, list of str, or dict
        Names as ``"margin"`` or ``"margin,badge"``, or a dict of names and callables
        ``(learner, X, n_instances)``. Measures of a row and rules of diverse batches go by the
        names they have everywhere. Random is always among them.
    batch : int, default=20
        Labels asked for in a round.
    budget : int, default=20 rounds
        Labels in all, those of the seed set included.
    initial : int, default=`batch`, and at least the number of classes
        Rows of the seed set.
    seed_set : {"random", "stratified", "k_center", "typiclust"}, default="random"
        How these are found. "stratified" uses labels that nobody has yet, and so flatters every
        strategy alike.
    repeats : int, default=30
        Splits, each with its own seed set. Fewer than 30 are too few for a claim.
    test : float or int, default=0.3
        Share or number of rows held out in each repeat.
    pool : int, default=all others
        Rows to choose from in each repeat, drawn anew.
    scoring : str or callable, default="accuracy"
        Name of a scikit-learn scorer, or a callable ``(model, X, y)``; higher is better.
    stop : str, Rule, or list of these
        Stopping rules to judge, as ``"kappa"`` or ``stopping.Patience(5)``. None of them ends a
        run: the report says where each would have stopped and what the rest of the budget would
        have brought.
    retrain : str, default=after each round
        When a model is trained, as ``"growth:0.25"`` or ``"changed:40"``: triggers of
        `shortlist.stopping` that go by labels. In between the last model holds, the curves stay
        flat, and stopping rules see it as one step. The seed set always gets a model.
    target : float, default=the mean score of random at the budget
        Score for which labels are counted.
    screen : bool, default=True
        Whether a model whose scores can be bounded is asked only about rows that may be picked, as
        `query` does it: the picks are the same.
    random_state : int, default=0
        Seed of everything.
    n_jobs : int, default=all cores
        Processes. The result does not depend on it.
    out : path
        Folder for ``runs.jsonl``, to which each run is appended as it ends. The same call goes on
        where it was, and a call with more repeats or strategies adds to it.
    progress : bool or callable
        True draws a line with the time left on standard error; a callable gets (runs done, runs in
        all).

    Returns
    -------
    Simulation
        Curves, intervals, tests and verdicts; shows itself as a table, and saves itself as JSON,
        PNG and HTML.

    Raises
    ------
    ValueError, TypeError
        Where an argument is not accepted, or `out` holds another simulation.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> import shortlist as sl
    >>> X, y = load_iris(return_X_y=True)
    >>> found = sl.simulate(X, y, strategies="margin", batch=5, budget=30, repeats=2, n_jobs=1)
    >>> found.labels
    array([ 5, 10, 15, 20, 25, 30])
    >>> found["margin"].scores.shape
    (2, 6)
    """
    y = as_labels(y, name="y")
    wanted = named(strategies)
    asked = [stop] if isinstance(stop, str | Rule) else several(stop, "stop", "a rule, its name, and a list of these")
    rules = {rule.describe(): rule for rule in map(_possible, asked)}
    repeats = whole(repeats, "repeats", least=1, most=MOST_REPEATS)
    target = None if target is None else number(target, "target")
    settings = settings_of(
        X, y, LogisticRegression(max_iter=1000) if estimator is None else estimator,
        batch=batch, budget=budget, initial=initial, seed_set=seed_set, test=test, pool=pool,
        scoring=scoring, random_state=random_state, rules=rules, retrain=retrain, screen=screen,
    )  # fmt: skip
    jobs = thread_count(n_jobs, "n_jobs")
    identity = settings.identity(X, y)
    with Journal(out, identity, run_of) as journal:
        done = {(r.strategy, r.repeat) for r in journal.runs}
        # Repeat by repeat, so that what a kill leaves behind are pairs.
        left = [(name, repeat) for repeat in range(repeats) for name in wanted if (name, repeat) not in done]
        tell = teller(progress)
        tell(0, len(left))
        tasks = (joblib.delayed(run)(X, y, settings, name, wanted[name], repeat) for name, repeat in left)
        parallel = joblib.Parallel(min(jobs, max(1, len(left))), return_as="generator_unordered", batch_size=1)
        for count, ended in enumerate(parallel(tasks), 1):
            journal.add(ended)
            tell(count, len(left))
        runs = [r for r in journal.runs if r.strategy in wanted and r.repeat < repeats]
    return Simulation(runs, list(wanted), settings.labels, identity, target)


def _possible(stop: str | Rule) -> Rule:
    rule = rule_of(stop)
    lacks = sorted(rule.wants - GIVEN)
    if lacks:
        raise ValueError(
            f"stop is {(stop if isinstance(stop, str) else rule.describe())!r}, which needs {', '.join(lacks)}; a simulation "
            f"has no people and no random part; accepted are rules that need no more than {', '.join(sorted(GIVEN))}"
        )
    return rule


def teller(progress: Callable[[int, int], object] | bool | None) -> Callable[[int, int], object]:
    """Return what is told of progress: a callable as it is, a line on standard error, or nobody."""
    if callable(progress):
        return progress
    if not progress:
        return _silent
    start = time.monotonic()

    def line(done: int, total: int) -> None:
        spent = time.monotonic() - start
        rest = f", {_clock(spent / done * (total - done))} left" if done else ""
        sys.stderr.write(f"\r\033[K{done:,} of {total:,} runs{rest}" + ("\n" if done == total else ""))
        sys.stderr.flush()

    return line


def _silent(done: int, total: int) -> None:
    del done, total


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
