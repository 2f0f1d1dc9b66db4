"""The steps that a database takes, each once, in the order in which they are registered."""

from sqlite_utils.migrations import Migrations

migrations = Migrations("aggregator")
