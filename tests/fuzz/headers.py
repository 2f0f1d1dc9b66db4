"""What clients send to us and servers answer, besides bodies."""

from ipaddress import ip_network

from aggregator.fetch import headers as fetched
from aggregator.serve.access import is_authorised, tokens_in
from aggregator.serve.asked import ENTRIES_MOST, AskedWrongly, read_query
from aggregator.serve.claim import MAX_CLAIMED, claim_of
from aggregator.serve.client import bucket_of, client_address
from aggregator.serve.conditional import names, parse_http_date, tags_in
from aggregator.serve.delta import wants_delta
from aggregator.serve.negotiate import choose_coding
from aggregator.serve.pages import place_of
from tests.things import NOON

PROXIES = (ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def check_request(data: bytes) -> None:
    """A request: its path, its query, and then values that any field may have."""
    path, _, rest = data.partition(b"\n")
    query, _, fields = rest.partition(b"\n")
    try:
        asked = read_query(query)
        assert asked.limit is None or 1 <= asked.limit <= ENTRIES_MOST
        assert asked.since is None or asked.since.tzinfo is not None
    except AskedWrongly:
        place_of(path, token=None)
    for token in tokens_in(query):
        place_of(path, token=token)
    for value in fields.decode("latin-1").split("\n"):
        _read_field(value, query)


def _read_field(value: str, query: bytes) -> None:
    shown = is_authorised(["no-token-of-ours-is-so-short"], query=query, authorization=value)
    assert not shown or b"no-token" in query or "no-token" in value
    for forwarded, listed in ((value, None), (None, value), (value, value)):
        for peer in ("127.0.0.1", "203.0.113.1", None):
            bucket_of(client_address(peer, forwarded=forwarded, x_forwarded_for=listed, trusted=PROXIES))
    claim = claim_of(value)
    assert claim is None or 0 <= claim.subscribers <= MAX_CLAIMED
    tags_in(value)
    names(value, '"x"')
    parse_http_date(value)
    wants_delta(value)
    assert choose_coding(value) in {None, "identity", "gzip", "zstd"}


def check_response(data: bytes) -> None:
    """Fields of an answer, one a line, as a publisher may send them."""
    raw = [
        (name.strip(), value.strip())
        for name, _, value in (line.partition(b":") for line in data.split(b"\n"))
    ]
    said = fetched.read_headers(raw)
    validators = fetched.validators(said)
    for validator in (validators.etag, validators.last_modified):
        assert validator is None or validator.encode()
    for span in (fetched.retry_after(said, NOON), fetched.fresh_for(said, NOON)):
        assert span is None or 0 <= span.total_seconds() <= fetched.LONGEST_SPAN.total_seconds()
    for value in said.values():
        fetched.http_date(value, NOON)
        fetched.cache_control(value)
