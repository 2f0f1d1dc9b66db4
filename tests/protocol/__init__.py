"""The poller of PROTOCOL, item by item, as its publishers see it: `test_p07_…` proves P7."""
