"""Rivals of the measures that other packages have, added to those of `shortlist bench` as this is imported."""

from shortlist.benchmarking.rivals import RIVALS

RIVALS.register(f"{__name__}.activeml", "ScikitActiveML", package="scikit-activeml")
RIVALS.register(f"{__name__}.cardinal_scores", "Cardinal", package="cardinal")
RIVALS.register(f"{__name__}.scipy_entr", "SciPy", package="scipy")
RIVALS.register(f"{__name__}.numexpr_vm", "NumExpr", package="numexpr")
RIVALS.register(f"{__name__}.numba_loops", "NumbaLoops", "NumbaFused", package="numba")
RIVALS.register(f"{__name__}.torch_cpu", "Torch", package="torch")
RIVALS.register(f"{__name__}.polars_frame", "Polars", package="polars")
RIVALS.register(f"{__name__}.duckdb_table", "DuckDB", package="duckdb")
RIVALS.register(f"{__name__}.jax_cpu", "Jax", package="jax")
