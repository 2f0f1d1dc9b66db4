"""Feeds, pages and status over HTTP: an ASGI application and the server that runs it."""

from aggregator.serve.app import create_app
from aggregator.serve.connection import Limits
from aggregator.serve.server import Server
from aggregator.serve.settings import Network, ServeSettings
from aggregator.serve.subscribers import Subscribers

__all__ = ["Limits", "Network", "ServeSettings", "Server", "Subscribers", "create_app"]
