"""Monte-Carlo dropout; torch is imported when a function is called."""

from shortlist.strategies.dropout import bald_divergence as _bald_divergence
from shortlist.strategies.dropout import (
    default_logits_adaptor,
    entropy_sum,
    get_predictions,
    mc_dropout_bald,
    mc_dropout_max_entropy,
    mc_dropout_max_variationRatios,
    mc_dropout_mean_st,
    set_dropout_mode,
)
from shortlist.strategies.dropout import entropy as _entropy
from shortlist.strategies.dropout import mean_standard_deviation as _mean_standard_deviation
from shortlist.strategies.dropout import variation_ratios as _variation_ratios

__all__ = [
    "default_logits_adaptor", "mc_dropout_bald", "mc_dropout_mean_st", "mc_dropout_max_entropy",
    "mc_dropout_max_variationRatios", "get_predictions", "entropy_sum", "set_dropout_mode", "_bald_divergence",
    "_entropy", "_mean_standard_deviation", "_variation_ratios",
]  # fmt: skip
