"""What can go wrong, and what the daemon does about it.

AggregatorError
+ ConfigError      at start: exit 78 with file:line:column; on reload: reported, the last good configuration stays
+ SourceError      recorded on the source, which backs off; the daemon carries on
  - FetchError     no usable answer: refused address, no connection, deadline, too large
  - ParseError     an answer that is no feed, or that no worker could read within its limits
+ StoreError       polls stop, the last good feeds are served, until a restart; commands exit 1
  - StoreUnavailable  no space, read-only, file gone: the daemon pauses its polls, tries again and goes on by itself
  - Conflict       another poll placed a story first: decide again
+ WorkersUnavailable  no process can be started that reads: as StoreUnavailable, and no source is blamed
+ BackupError      the daemon says so and tries again in an hour; `db backup` exits 1
+ NoticeError      what was to be told of sources was not taken: said in the log, tried again a few times
+ PublishError     the daemon keeps serving the last good feeds, says so and tries again
+ Busy             somebody else has the store or the port: exit 75
+ Refused          an order names nothing, or too much: exit 2 with what could be meant
+ QueryError       a search that cannot be understood or costs too much: told to whoever asked

Anything else is a bug: a traceback in the log, and that source backs off.
"""

from typing import ClassVar


def printable(text: str) -> str:
    r"""Return what a publisher or a library said so that it can be stored, logged and shown on a terminal.

    Control characters and what is no character (half of a surrogate pair: a byte that was not UTF-8) become
    escapes, as in a Python string.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


class AggregatorError(Exception):
    """Something the daemon knows how to answer. `exit_code` is that of a command which ends for it."""

    exit_code: ClassVar[int] = 1


class ConfigError(AggregatorError):
    """The configuration cannot be used. Its text is whole lines: `file:line:column: error: …`."""

    exit_code = 78  # sysexits.h EX_CONFIG


class SourceError(AggregatorError):
    """This source's poll failed; the others go on."""


class FetchError(SourceError):
    """No usable answer from the publisher."""


class ParseError(SourceError):
    """The answer cannot be read as a feed."""


class StoreError(AggregatorError):
    """The store cannot be read or written, and will not mend itself: it is damaged, or not our store."""


class StoreUnavailable(StoreError):
    """The store cannot be read or written now; what is in it is not in doubt, and the trouble may pass."""


class Conflict(StoreError):
    """A concurrent poll took a place this decision counted on; nothing was written."""


class WorkersUnavailable(AggregatorError):
    """No process can be started that reads documents; the trouble is this machine's, and may pass."""


class BackupError(AggregatorError):
    """A backup cannot be written; the store itself is not in doubt."""


class PublishError(AggregatorError):
    """The published files cannot be written."""


class NoticeError(AggregatorError):
    """Nobody took what was to be told of the health of sources."""


class Busy(AggregatorError):
    """The store or the port belongs to another process."""

    exit_code = 75  # sysexits.h EX_TEMPFAIL


class Refused(AggregatorError):
    """What the operator orders cannot be done as it is said."""

    exit_code = 2


class QueryError(AggregatorError):
    """A search that cannot be answered as it stands; its text says where and what to do."""

    exit_code = 2
