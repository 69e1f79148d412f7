"""Monte-Carlo dropout: a network with its dropout on is a committee (Gal and Ghahramani 2016).

For `DeepActiveLearner` over a skorch network; needs torch. The pool is a tensor, an array, or a
dict of these. A class that does not apply to a row may be padded with NaN: it takes no part, and
probabilities are normalised over the rest of its row.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import entr, kl_div

from shortlist.rows import blocks, count
from shortlist.strategies import randomness
from shortlist.strategies.answers import Asked
from shortlist.strategies.answers.validity import check_values
from shortlist.strategies.asking import best_known
from shortlist.strategies.errors import ArgumentError
from shortlist.strategies.family import member

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shortlist.rows.blocks import Progress
    from shortlist.strategies.answers import Invalid
    from shortlist.strategies.choice import Array, Picks
    from shortlist.strategies.randomness import RandomState

Adaptor = Callable[[Any, Any], Any]


def default_logits_adaptor(input_tensor: Any, samples: Any) -> Any:
    """Return the output of a forward pass as it is."""
    del samples
    return input_tensor


def get_predictions(
    classifier: Any,
    X: Any,
    dropout_layer_indexes: Sequence[int] = (),
    num_predictions: int = 50,
    sample_per_forward_pass: int = 1000,
    logits_adaptor: Adaptor = default_logits_adaptor,
) -> list[Array]:
    """Return `num_predictions` arrays of probabilities for `X`, each from other units dropped.

    Parameters
    ----------
    classifier : DeepActiveLearner
        Its estimator is an initialised skorch network.
    X : tensor, array, or dict of these
    dropout_layer_indexes : sequence of int
        Positions in ``list(module.modules())`` of the dropout layers to switch on; none for all of
        them.
    num_predictions : int, default=50
        How often to predict.
    sample_per_forward_pass : int, default=1000
        Rows of one forward pass, which rules the memory needed.
    logits_adaptor : callable
        ``logits_adaptor(output, rows)`` gives logits, classes last.
    """
    for name, value in (("num_predictions", num_predictions), ("sample_per_forward_pass", sample_per_forward_pass)):
        if value < 1:
            raise ArgumentError(f"{name} came as {value}; accepted is a positive integer")
    torch = import_module("torch")
    parts = [part for _, part in blocks(_tensors(torch, X), sample_per_forward_pass)]
    predictions = []
    with _dropout(classifier.estimator.module_, dropout_layer_indexes), torch.no_grad():
        for _ in range(num_predictions):
            logits = [_logits(torch, logits_adaptor(classifier.estimator.infer(part), part), part) for part in parts]
            predictions.append(torch.cat([_softmax(one) for one in logits]).detach().cpu().numpy())
    return predictions


def set_dropout_mode(model: Any, dropout_layer_indexes: Sequence[int], train_mode: bool) -> None:
    """Switch dropout layers of a torch module on or off: those at the given positions, or all."""
    modules = list(model.modules())
    for index in dropout_layer_indexes or range(len(modules)):
        layer = modules[index]
        if type(layer).__name__.startswith("Dropout"):
            layer.train(train_mode)
        elif dropout_layer_indexes:
            raise KeyError(f"module {index} is a {type(layer).__name__}, not a dropout layer")


def bald_divergence(proba: Sequence[Array]) -> Array:
    """Return the mutual information of label and dropped units (Houlsby et al. 2011).

    In nats, never negative; picked by in Gal, Islam and Ghahramani (2017).
    """
    members = np.stack(proba).astype(np.float64)
    divergence = kl_div(members, members.mean(axis=0)).mean(axis=0)
    return np.asarray(np.nansum(divergence.reshape(len(divergence), -1), axis=-1))


def mean_standard_deviation(proba: Sequence[Array]) -> Array:
    """Return the standard deviation, averaged over the classes (Kendall et al. 2015).

    From 0 to 1/2.
    """
    return _mean(np.std(np.stack(proba).astype(np.float64), axis=0))


def entropy(proba: Sequence[Array]) -> Array:
    """Return -p ln p summed over the predictions and averaged over the classes.

    In nats, 0 or more.
    """
    return _mean(entr(np.stack(proba).astype(np.float64)).sum(axis=0))


def variation_ratios(proba: Sequence[Array]) -> Array:
    """Return one minus the largest mean probability.

    From 0 to 1.
    """
    mean = np.stack(proba).astype(np.float64).mean(axis=0)
    return np.asarray(1 - np.amax(mean, initial=0, where=~np.isnan(mean), axis=-1))


def entropy_sum(values: Any, axis: int = -1) -> Array:
    """Return the sum of -p ln p along an axis, without NaN."""
    return np.asarray(np.nansum(entr(values), axis=axis))


def _sampling(
    measure: Callable[[Sequence[Array]], Array],
    /,
    classifier: Any,
    X: Any,
    n_instances: int = 1,
    random_tie_break: bool = False,
    dropout_layer_indexes: Sequence[int] = (),
    num_cycles: int = 50,
    sample_per_forward_pass: int = 1000,
    logits_adaptor: Adaptor = default_logits_adaptor,
    *,
    random_state: RandomState = None,
    progress: Progress = None,
    invalid: Invalid = "raise",
) -> Picks:
    """Pick rows by Monte-Carlo dropout, highest first, by $what.

    $how

    Parameters
    ----------
    classifier : DeepActiveLearner
        Its estimator is an initialised skorch network.
    X : tensor, array, or dict of these
        The pool.
    $n_instances
    $random_tie_break
    dropout_layer_indexes : sequence of int, default=()
        Positions in ``list(module.modules())`` of the dropout layers to switch on; none for all of
        them.
    num_cycles : int, default=50
        How often each row is predicted, each time with other units dropped.
    sample_per_forward_pass : int, default=1000
        Rows of one forward pass, which rules the memory needed.
    logits_adaptor : callable
        ``logits_adaptor(output, rows)`` gives logits, classes last; by default the output as it is.
    random_state : int, RandomState, Generator or None, default=None
        Rules units dropped and ties drawn; None is the learner's own, or without one torch's and
        NumPy's global states.
    progress : callable, bool or None, default=None
        Called with (rows done, rows in all) after each block; True shows a bar.
    $invalid

    Returns
    -------
    $indices
    values : ndarray of float64, shape (n_instances,)
        The measure of each.

    Raises
    ------
    $count_error
    KeyError
        One of `dropout_layer_indexes` is no dropout layer.
    ModuleNotFoundError
        There is no torch.
    TypeError, ValueError
        An output of the network cannot be read.

    Examples
    --------
    $>>> import shortlist as sl
    $>>> learner = sl.DeepActiveLearner(network, sl.$name)  # doctest: +SKIP
    $>>> indices, rows = learner.query(X_pool, n_instances=10, num_cycles=20)  # doctest: +SKIP
    """
    # Block by block, so that the predictions for a whole pool never exist at once.
    torch = import_module("torch")
    random_state = randomness.of(classifier, random_state)
    adaptor = partial(_both_classes, logits_adaptor)
    values = []
    with _seeded(torch, random_state):
        for first, block in blocks(_tensors(torch, X), max(1, int(sample_per_forward_pass)), progress=progress):
            predictions = get_predictions(
                classifier, block, dropout_layer_indexes, num_cycles, sample_per_forward_pass, adaptor
            )
            values.append(_measured(measure, predictions))
            if invalid == "raise":
                check_values(values[-1], Asked(classifier, "infer", count(block), first))
    together = np.concatenate(values)
    return best_known(together, n_instances, invalid, random_tie_break=random_tie_break, random_state=random_state)


mc_dropout_bald = member(_sampling, bald_divergence, "mc_dropout_bald")
mc_dropout_mean_st = member(_sampling, mean_standard_deviation, "mc_dropout_mean_st")
mc_dropout_max_entropy = member(_sampling, entropy, "mc_dropout_max_entropy")
mc_dropout_max_variationRatios = member(  # noqa: N816 - modAL's name
    _sampling, variation_ratios, "mc_dropout_max_variationRatios"
)


def _measured(measure: Callable[[Sequence[Array]], Array], predictions: list[Array]) -> Array:
    """Measure each row; one where the network gave NaN alone, as no class applies, has no value."""
    members = np.stack(predictions)
    missing = np.isnan(members.reshape(*members.shape[:2], -1)).all(axis=2).any(axis=0)
    members[:, missing] = 0
    values = measure(list(members))
    values[missing] = np.nan
    return values


@contextlib.contextmanager
def _dropout(module: Any, indexes: Sequence[int]) -> Iterator[None]:
    set_dropout_mode(module, indexes, train_mode=True)
    try:
        yield
    finally:
        set_dropout_mode(module, indexes, train_mode=False)


@contextlib.contextmanager
def _seeded(torch: Any, random_state: RandomState) -> Iterator[None]:
    """Draw dropped units from `random_state`, if given, and leave torch's own state as it was."""
    if random_state is None:
        yield
        return
    with torch.random.fork_rng():
        torch.manual_seed(randomness.seed(random_state))
        yield


def _tensors(torch: Any, X: Any) -> Any:
    if isinstance(X, Mapping):
        return {name: _tensors(torch, part) for name, part in X.items()}
    return (X if torch.is_tensor(X) else torch.as_tensor(np.asarray(X))).detach()


def _logits(torch: Any, output: Any, part: Any) -> Any:
    """Return the logits of a forward pass, classes last."""
    if not torch.is_tensor(output):
        raise TypeError(
            f"the network gave a {type(output).__name__}; accepted is a tensor of logits, classes last: "
            "logits_adaptor=lambda output, rows: ... takes it from the output"
        )
    rows, shape = count(part), tuple(output.shape)
    if not shape or shape[0] != rows:
        raise ValueError(f"the network gave shape {shape} for {rows} rows; accepted are logits, (rows, classes)")
    return output if output.dtype in (torch.float16, torch.float32, torch.float64) else output.float()


def _both_classes(adaptor: Adaptor, output: Any, part: Any) -> Any:
    """Return logits, classes last; a single one is that of the second of two, beside one of 0."""
    torch, adapted = import_module("torch"), adaptor(output, part)
    if not torch.is_tensor(adapted) or tuple(adapted.shape[1:]) not in ((), (1,)):
        return adapted
    second = adapted.reshape(-1, 1)
    return torch.cat([torch.zeros_like(second), second], dim=1)


def _softmax(logits: Any) -> Any:
    """Return the softmax of each row over its classes, NaN where the logit is NaN."""
    missing = logits.isnan()
    return logits.masked_fill(missing, -float("inf")).softmax(-1).masked_fill(missing, float("nan"))


def _mean(values: Array) -> Array:
    """Return the mean along the last axis, without NaN."""
    return np.asarray(np.mean(values, axis=-1, where=~np.isnan(values)))
