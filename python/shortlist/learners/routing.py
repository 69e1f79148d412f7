"""scikit-learn's metadata routing: who is given weights and the like, where that is switched on.

Where it is not, which is scikit-learn's default, a fit gets whatever its caller gave.
"""

from __future__ import annotations

from typing import Any

import sklearn
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

METHODS = ("fit", "score")


def router(owner: Any, methods: tuple[str, ...] = METHODS, **parts: Any) -> MetadataRouter:
    """Return what scikit-learn asks of an estimator that is made of others.

    Parameters
    ----------
    owner : estimator
        Whose methods are called.
    methods : tuple of str
        Those that call the method of the same name of each part.
    **parts
        The estimators that it is made of.
    """
    mapping = MethodMapping()
    for method in methods:
        mapping.add(caller=method, callee=method)
    found = MetadataRouter(owner=type(owner).__name__).add_self_request(owner)
    return found.add(method_mapping=mapping, **parts) if parts else found


def routed(learner: Any, method: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return what of the given metadata a learner's estimator asked for; what nobody asked for
    is an error, by scikit-learn.
    """
    if not given or not sklearn.get_config()["enable_metadata_routing"]:
        return given
    if not hasattr(learner.estimator, "get_metadata_routing"):
        return given
    return dict(process_routing(learner, method, **given)["estimator"][method])
