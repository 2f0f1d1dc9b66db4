"""What is remembered between polls. `Store` is the whole seam; each engine is one file.

Every engine passes the same contract (tests/store/test_contract.py). `open_store` picks one by URL.
"""

from aggregator.store.opening import open_store, store_exists, store_faults
from aggregator.store.protocol import Store, Totals

__all__ = ["Store", "Totals", "open_store", "store_exists", "store_faults"]
