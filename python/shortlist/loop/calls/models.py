"""Models: trained, judged, asked, and the last one written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shortlist.loop import elsewhere
from shortlist.loop.auditing.evidence import Evidence
from shortlist.loop.auditing.look import is_kept, keep_look
from shortlist.loop.backing_off import postponed
from shortlist.loop.calls.opened import OpenLoop
from shortlist.loop.errors import LoopError
from shortlist.loop.held import that_train
from shortlist.loop.progress import estimate_of, seen_now, stop

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from shortlist.loop.facts.estimate import Estimate
    from shortlist.loop.finish import Finished
    from shortlist.loop.progress import Due, Stop
    from shortlist.loop.store import Model
    from shortlist.loop.store.summary import Summary


class Models(OpenLoop):
    """When a model is trained, how good it is, and whether that is enough."""

    def due(self) -> Due:
        """Return whether a model is to be trained now: truthy, and says why as text."""
        return self._due(self._said())

    def train(self, *, force: bool = False, fit: Callable[..., Any] | None = None) -> Model | None:
        """Train a model where one is due.

        Parameters
        ----------
        force : bool
            Whether to train although none is due, or while a training is under way, whose result
            then isn't used.
        fit : callable, optional
            ``fit(X, labels)`` that returns a fitted classifier, or a function of X that returns
            probabilities.

        Returns
        -------
        Model or None
            None where none is due, or where the training goes on elsewhere: `under_way` says so,
            and a later call returns its model.
        """
        from shortlist.loop.learning import learn

        store, ground = self._store, self._ground
        try:
            taken_in = elsewhere.take_in(store, ground)
        except LoopError:
            if not force:
                raise
            taken_in = None
        said = self._said()
        if taken_in is not None and not force:
            self._look(said)
            return taken_in
        found = self._due(said)
        if not found and not force and elsewhere.next_attempt(store, ground.spec) == 1:
            self._look(said)
            return None
        models = store.models()
        before = seen_now(store, ground, models[-1], said) if models else None
        model = learn(
            store,
            ground,
            ground.training(that_train(store, ground.spec, said.labels)),
            position=said.position,
            why=found.why if found else f"forced; {found.why}",
            before=before,
            supersede=force,
            fit=fit,
            progress=self._progress,
        )
        self._look(said)
        return model

    def _look(self, said: Summary) -> None:
        """Keep what there is to look at since the last model,
        where whoever trained it has not come to that.
        """
        if not is_kept(self._store, self._ground):
            keep_look(Evidence(self._store, self._ground, said))

    def under_way(self) -> str | None:
        """Return a sentence on the training that is under way, here or elsewhere;
        None where there is none.
        """
        return elsewhere.under_way(self._store)

    def postponed(self) -> str | None:
        """Return why `run_once` trains nothing now, though a model may be due;
        None where it does.
        """
        return postponed(self._store)

    def stop(self) -> Stop:
        """Return whether the end is reached: truthy, and says where each rule stands."""
        return stop(self._store, self._ground, self._said())

    def estimate(self) -> Estimate | None:
        """Return how good the last model is on the validation rows that were labelled;
        None below 60 of them.
        """
        models = self._store.models()
        return estimate_of(self._store, self._ground, models[-1] if models else None, self._said())

    def predict(self, ids: Sequence[str]) -> list[str]:
        """Return the class that the last model gives to each of some rows of the pool.

        Parameters
        ----------
        ids : sequence of str
            The rows, by their ids.

        Returns
        -------
        list of str
            A class each, in the order of `ids`.

        Raises
        ------
        LoopError
            There is no model yet, or a row that it has no answer for.
        """
        from shortlist.loop.learning import predict

        return predict(self._store, self._ground, ids)

    def datalab(self) -> Any:
        """Return Cleanlab's ``Datalab`` of the labels that the last model was trained on,
        with their issues found.

        It rests on what models said of each row that had not seen it. ``loop.datalab().report()``
        prints it; its rows are in the order of ``loop.datalab().data["id"]``. Needs
        ``pip install 'shortlist[cleanlab]'``.

        Raises
        ------
        LoopError
            No model yet, one without such answers, or Cleanlab is not installed.
        """
        from shortlist.loop.cleanlab.report import datalab_of

        return datalab_of(self._store)

    def finish(
        self,
        out: str | os.PathLike[str] | None = None,
        *,
        fold_in: bool = False,
        anyway: bool = False,
        fit: Callable[..., Any] | None = None,
    ) -> Finished:
        """End the loop: train a last model where labels have changed,
        and write it with the labels to a folder.

        No round is opened afterwards, unless by ``next(anyway=True)``. A second call with nothing
        new writes the folder again.

        Parameters
        ----------
        out : path, optional
            The folder; by default ``final`` in the loop's.
        fold_in : bool
            Whether the last model is trained on the validation rows too. It has no estimate then.
        anyway : bool
            Whether to end although the rule of stopping is not met.
        fit : callable, optional
            Fits the last model, as in `train`.

        Returns
        -------
        Finished
            What was written, and where.

        Raises
        ------
        LoopError
            The rule of stopping is not met, and why; or no model can be trained.
        """
        from shortlist.loop.finish import finish

        said = self._said()
        return finish(
            self._store, self._ground, said, out, fold_in=fold_in, anyway=anyway, fit=fit, progress=self._progress
        )
