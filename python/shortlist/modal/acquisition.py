"""Acquisition functions for Bayesian optimisation."""

from shortlist.strategies.acquisition import (
    EI,
    PI,
    UCB,
    max_EI,
    max_PI,
    max_UCB,
    optimizer_EI,
    optimizer_PI,
    optimizer_UCB,
)

__all__ = ["PI", "EI", "UCB", "optimizer_PI", "optimizer_EI", "optimizer_UCB", "max_PI", "max_EI", "max_UCB"]
