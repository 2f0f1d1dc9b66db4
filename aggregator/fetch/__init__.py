"""Source + Validators -> Response: the only room that speaks HTTP as a client."""

from aggregator.fetch.client import Fetcher
from aggregator.fetch.gate import HostGate

__all__ = ["Fetcher", "HostGate"]
