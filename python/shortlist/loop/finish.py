"""The end of a loop: a last model on all labels, and a folder for whoever goes on with them."""

from __future__ import annotations

import dataclasses
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shortlist.loop.errors import LoopError
from shortlist.loop.finished import KIND, finished
from shortlist.loop.handoff.labels import labels_out
from shortlist.loop.held import that_train
from shortlist.loop.learning import LEASE, learn, learn_apart
from shortlist.loop.progress import estimate_of, rule_of_stopping, seen_now, trains_differently
from shortlist.loop.rounds import out_of
from shortlist.loop.store.answers import fold
from shortlist.loop.store.blobs import NAME, chunks_of
from shortlist.tables import visible
from shortlist.writing import make_folder, write_bytes, write_json, write_text

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from shortlist.arguments import Progress
    from shortlist.loop.ground import Ground
    from shortlist.loop.store import Model, Store
    from shortlist.loop.store.summary import Summary

MODEL, ABOUT, LABELS, README = "model.pkl", "model.json", "labels.csv", "README.md"
PACKAGES = ("shortlist", "numpy", "scipy", "scikit-learn")


@dataclasses.dataclass(frozen=True)
class Finished:
    """What a loop ended with.

    Attributes
    ----------
    folder : Path
        Where the model, the labels and a README lie.
    model : int or None
        The number of the last model; None for one that was trained on the validation rows too.
    labels : int
        Rows that it was trained on.
    fold_in : bool
        Whether these include the validation rows.
    estimate : dict or None
        How good the last model is that has an estimate: ``value``, ``low``, ``high``, ``rows``.
    open : int
        Rows of the last round that nobody has answered. Answers to them still count, for another
        finish.
    """

    folder: Path
    model: int | None
    labels: int
    fold_in: bool
    estimate: dict[str, Any] | None
    open: int = 0

    def lines(self) -> list[str]:
        """Return sentences for a person."""
        lines = [
            f"finished with {_named(self.model)}, trained on {self.labels:,} labels",
            f"accuracy: {_accuracy(self.fold_in, self.estimate)}",
            f"the model, the labels and a README are in {self.folder}",
        ]
        if self.open:
            lines.append(f"{self.open:,} rows are still out; once they are answered, finish again takes them in")
        return lines


def finish(
    store: Store,
    ground: Ground,
    said: Summary,
    out: str | os.PathLike[str] | None,
    *,
    fold_in: bool,
    anyway: bool,
    fit: Callable[..., Any] | None = None,
    progress: Progress | None = None,
) -> Finished:
    """End a loop; the second time, with nothing new, only the folder is written again."""
    folder = _free(store.folder / "final" if out is None else Path(out))
    done = finished(store)
    detail = None if done is None else done.detail
    if detail is None or not _still_holds(store, detail, said, fold_in):
        rule = rule_of_stopping(store, ground, said)
        if not rule and not anyway:
            raise LoopError(
                f"the rule of stopping is not met: {rule}; to end the loop all the same, say anyway=True (--anyway)"
            )
        detail = _end(store, ground, said, fold_in, fit, progress)
    _write(store, ground, detail, make_folder(folder, "out"))
    rounds = store.rounds()
    left = out_of(store, rounds[-1].number if rounds else 0).open
    return Finished(folder, detail["model"], detail["labels"], detail["fold_in"], detail["estimate"], left)


def _still_holds(store: Store, detail: Mapping[str, Any], said: Summary, fold_in: bool) -> bool:
    there = detail["blob"] is None or (store.folder / NAME / detail["blob"]).is_file()
    return there and (detail["position"], detail["fold_in"]) == (said.position, fold_in)


def _end(
    store: Store,
    ground: Ground,
    said: Summary,
    fold_in: bool,
    fit: Callable[..., Any] | None,
    progress: Progress | None,
) -> dict[str, Any]:
    """Train what is to be trained, and note that the loop is finished."""
    detail: dict[str, Any] = {
        "round": len(store.rounds()),
        "position": said.position,
        "fold_in": fold_in,
        "versions": _versions(),
    }
    if not fold_in:
        model = _last_model(store, ground, said, fit, progress)
        found = estimate_of(store, ground, model, said)
        detail |= {"model": model.number, "labels": model.labels, "blob": model.blob, "estimate": _plain(found)}
        store.finish_job(store.begin_job(KIND, LEASE).token, True, detail)
        return detail
    if ground.spec.model.poll is not None and fit is None:
        raise LoopError(
            "fold_in trains a model that is none of the loop's, and [model] poll is for commands that only submit; accepted is "
            "fit, or a command that waits"
        )
    models = store.models()
    found = estimate_of(store, ground, models[-1] if models else None, said)
    detail |= {"model": None, "estimate": _plain(found)}
    training = ground.training(that_train(store, ground.spec, said.labels), fold_in=True)
    return learn_apart(
        store, ground, training, position=said.position, kind=KIND, detail=detail, fit=fit, progress=progress
    )


def _last_model(
    store: Store, ground: Ground, said: Summary, fit: Callable[..., Any] | None, progress: Progress | None
) -> Model:
    """Return the last model, or a new one where labels have changed since it was trained."""
    models = store.models()
    if models and not trains_differently(store, ground, models[-1], said):
        return models[-1]
    before = seen_now(store, ground, models[-1], said) if models else None
    training = ground.training(that_train(store, ground.spec, said.labels))
    why = "the loop is finished"
    model = learn(store, ground, training, position=said.position, why=why, before=before, fit=fit, progress=progress)
    if model is None:
        raise LoopError("the last training was submitted; once it is done, take it in by train, and finish then")
    return model


def _plain(found: Any) -> dict[str, Any] | None:
    return None if found is None else {name: getattr(found, name) for name in ("value", "low", "high", "rows")}


def _versions() -> dict[str, str]:
    import importlib.metadata

    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _free(folder: Path) -> Path:
    """Return a folder for the end of a loop: none that holds something else."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / ABOUT).is_file():
        raise LoopError(
            f"{visible(str(folder))} has other files in it; accepted is a new folder, or one of a finish before"
        )
    return folder


def _write(store: Store, ground: Ground, detail: Mapping[str, Any], folder: Path) -> None:
    spec = ground.spec
    about = {"loop": spec.name, "classes": list(spec.classes), **detail}
    write_json(folder / ABOUT, about, indent=2)
    if detail["blob"] is None:
        (folder / MODEL).unlink(missing_ok=True)
    else:
        write_bytes(folder / MODEL, chunks_of(store.blob(detail["blob"])))
    labels = labels_out(store, fold(store.events(until=detail["position"]), spec), folder / LABELS)
    write_text(folder / README, [_readme(spec.name, ground.pool.kind, detail, labels)])


EXAMPLES = {
    "text": 'model.predict(["a text", "another one"])',
    "vector": "model.predict(vectors)  # an array, a row for each",
    "columns": "model.predict(table)  # a frame, or a dict of columns by name",
}


def _readme(name: str, kind: str, detail: Mapping[str, Any], labels: int) -> str:
    versions = ", ".join(f"{package} {version}" for package, version in detail["versions"].items())
    number = _named(detail["model"])
    if detail["blob"] is None:
        model = "There is no file of the model: it was trained by a command or a function, which keeps its own.\n"
    else:
        model = (
            f"`{MODEL}` is the model with all that it needs, in Python's pickle format (`joblib.load` reads it too). Loading a\n"
            "pickle runs whatever is in it: load only files that you trust, with the versions below or later ones.\n\n"
            "```python\nfrom shortlist.loop.model_file import read_model\n\n"
            f'model = read_model("{MODEL}", sha256="{detail["blob"]}")\n{EXAMPLES[kind]}\n```\n'
        )
    return (
        f"# {name}: the last model\n\n{number[0].upper()}{number[1:]}, trained on {detail['labels']:,} labels.\n"
        f"Accuracy: {_accuracy(detail['fold_in'], detail['estimate'])}.\n\n{model}\n"
        f"`{LABELS}` has the {labels:,} rows with a label: id, label, annotator, time. `{ABOUT}` says the same as this page,\n"
        f"for programs.\n\nWritten with {versions}.\n"
    )


def _named(model: int | None) -> str:
    return "a model of its own" if model is None else f"model {model}"


def _accuracy(fold_in: bool, found: Mapping[str, Any] | None) -> str:
    said = (
        "no estimate, which takes 60 labelled validation rows"
        if found is None
        else f"{found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f}) on {found['rows']:,} validation rows"
    )
    if not fold_in:
        return said
    before = "" if found is None else f"; the model before it, without them: {said}"
    return f"no estimate, as this model was trained on the validation rows too{before}"
