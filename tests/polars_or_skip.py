"""Polars as it is; where it isn't installed, a test that makes something with it is skipped."""

import importlib

import pytest


def __getattr__(name):
    try:
        return getattr(importlib.import_module("polars"), name)
    except ModuleNotFoundError:
        return _skip


def _skip(*_, **__):
    pytest.skip("Polars is not installed: pip install 'shortlist[polars]'")
