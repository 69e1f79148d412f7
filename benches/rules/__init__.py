"""Rivals of the rules over embeddings, added to `shortlist bench` as this is imported."""

from shortlist.benchmarking.rules import RIVALS

RIVALS.register(f"{__name__}.numpy_loops", "NumPyLoops", package="numpy")
RIVALS.register(f"{__name__}.modal_formulas", "ModALFormulas", package="scikit-learn")
RIVALS.register(f"{__name__}.sklearn_forms", "ScikitLearnForms", package="scikit-learn")
RIVALS.register(f"{__name__}.activeml_rules", "ScikitActiveMLRules", package="scikit-activeml")
RIVALS.register(f"{__name__}.cardinal_rules", "CardinalRules", package="cardinal")
RIVALS.register(f"{__name__}.apricot_greedy", "Apricot", package="apricot-select")
RIVALS.register(f"{__name__}.faiss_flat", "Faiss", package="faiss-cpu")
