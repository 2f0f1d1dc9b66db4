"""What is remembered between polls. `Store` is the whole seam; each engine is one file.

Every engine passes the same contract (tests/store/test_contract.py). `open_store` picks one by URL.
"""

from aggregator.store.backups import back_up, back_up_tonight, is_due
from aggregator.store.checking import Finding, check_store
from aggregator.store.compacting import compact, migrate
from aggregator.store.opening import open_store, store_exists, store_file
from aggregator.store.overwriting import backup_target
from aggregator.store.protocol import Store, Totals

__all__ = [
    "Finding",
    "Store",
    "Totals",
    "back_up",
    "back_up_tonight",
    "backup_target",
    "check_store",
    "compact",
    "is_due",
    "migrate",
    "open_store",
    "store_exists",
    "store_file",
]
