"""The spec of a loop: one file that names everything before the first label."""

from shortlist.loop.spec.changes import forbidden_changes
from shortlist.loop.spec.defaults import full_text
from shortlist.loop.spec.guessing import Guess, guess
from shortlist.loop.spec.mistakes import SpecError
from shortlist.loop.spec.model import (
    CheckSpec,
    HandoffSpec,
    LabelsSpec,
    ModelSpec,
    PoolSpec,
    RetrainSpec,
    RoundSpec,
    SeedSpec,
    Spec,
    StopSpec,
    ValidationSpec,
)
from shortlist.loop.spec.reading import read_spec, spec_of
from shortlist.loop.spec.rules import rows_needed

__all__ = [
    "read_spec",
    "spec_of",
    "Spec",
    "SpecError",
    "PoolSpec",
    "ModelSpec",
    "SeedSpec",
    "RoundSpec",
    "ValidationSpec",
    "LabelsSpec",
    "RetrainSpec",
    "CheckSpec",
    "StopSpec",
    "HandoffSpec",
    "forbidden_changes",
    "full_text",
    "guess",
    "rows_needed",
    "Guess",
]
