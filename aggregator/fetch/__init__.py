"""Source + Validators -> Response: the only room that speaks HTTP as a client."""

from aggregator.fetch.client import Fetcher
from aggregator.fetch.gate import HostGate
from aggregator.fetch.room import LARGE_AT_ONCE, Room, Rooms

__all__ = ["LARGE_AT_ONCE", "Fetcher", "HostGate", "Room", "Rooms"]
