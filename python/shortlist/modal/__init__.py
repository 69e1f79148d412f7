"""modAL's module tree and names, over Shortlist.

Replace ``modAL`` by ``shortlist.modal`` in imports, or call `install_as_modAL` once before them.
The classes are those of Shortlist itself.
"""

from shortlist.modal.alias import install_as_modAL, uninstall_modAL
from shortlist.modal.models import ActiveLearner, Committee, CommitteeRegressor

__all__ = ["ActiveLearner", "Committee", "CommitteeRegressor", "install_as_modAL", "uninstall_modAL"]
