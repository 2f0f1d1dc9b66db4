"""A daemon that polls news feeds and re-emits them as one merged feed, every story once."""

from importlib.metadata import version

__version__ = version("aggregator")
