"""The address we show, and the two keys by which addresses are compared."""

import re
from dataclasses import replace
from functools import lru_cache

from aggregator.urls.address import (
    BLANKS,
    MAX_URL_LENGTH,
    Address,
    forgiven,
    is_normal,
    parsed,
    unescaped,
    without_dots,
)
from aggregator.urls.tracking import VARIANTS, untracked

_VARIANT_LABELS = frozenset({"www", "m", "mobile", "amp"})
# Second-level names under which a country sells names: amp.co.uk is somebody's own domain.
_PUBLIC_SECOND_LEVELS = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})

REMEMBERED = (
    256  # addresses: of one document, each asked for several keys when looked up and again when placed
)

_AMPERSAND = re.compile(r"&(?:amp;|#0{0,4}38;)+")
_CHANGEABLE = re.compile("[?#;]")  # where parameters and sessions stand
_SESSION = re.compile(r";jsessionid=[^/;?#]*", re.IGNORECASE)
_SLASHES = re.compile(r"/{2,}")
_AMP_CACHE_PATH = re.compile(r"/(?:[civ]/)?(s/)?([^/]+\.[^/]+/.*)")
_GOOGLE = re.compile(r"www\.google\.(?:com?\.)?[a-z]{2,3}")
_GOOGLE_AMP_PATH = re.compile(r"/amp/(s/)?([^/]+\.[^/]+/.*)")
_INDEX_FILE = re.compile(r"/index\.(?:html?|php)\Z", re.IGNORECASE)


def canonical(url: str) -> str:
    """Return `url` as we show it: in RFC 3986 normal form, without what only tracks the reader.

    Order of the remaining parameters, empty path segments and the fragment stay; a text directive
    (`#:~:text=`) and a fragment of nothing but tracking parameters go. What is no http(s) address
    comes back as it is. Twice is the same as once.
    """
    if is_normal(url) and _CHANGEABLE.search(url) is None:
        return url
    address = _canonical(url)
    return url if address is None else str(address)


def strict_key(url: str) -> str:
    """Return what two spellings of one address share. For comparing, never for following."""
    address = _canonical(url)
    return url.strip(BLANKS) if address is None else str(_strict(address))


def folded_key(url: str) -> str:
    """Return what the AMP, mobile, www, http and https addresses of one article share.

    Equal strict keys have equal folded keys. For comparing, never for following.
    """
    address = _canonical(url)
    if address is None:
        return url.strip(BLANKS)
    address = _strict(_uncached(_strict(address)))
    query = "&".join(
        piece for piece in address.query.split("&") if piece.removesuffix("=").lower() not in VARIANTS
    )
    route = address.fragment if address.fragment.startswith(("!", "/")) else ""  # single-page sites
    return str(
        replace(
            address,
            scheme="https",
            host=_folded_host(address.host),
            path=_folded_path(address.path),
            query=query,
            fragment=route,
        )
    )


def is_homepage(url: str) -> bool:
    """Whether an http(s) address names a site and no page of it."""
    address = _canonical(url)
    return (
        address is not None
        and address.path == "/"
        and not address.query
        and not address.fragment.startswith(("!", "/"))
    )


@lru_cache(maxsize=REMEMBERED)
def _canonical(url: str) -> Address | None:
    if len(url) > MAX_URL_LENGTH:
        return None
    # Feeds escape the ampersand once too often; seen only after `%61mp;` has become `amp;`.
    address = parsed(_AMPERSAND.sub("&", unescaped(forgiven(url))))
    if address is None:
        return None
    own = {address.host, address.host.removeprefix("www.")}
    fragment = address.fragment.partition(":~:")[0]
    if "=" in fragment and not untracked(fragment, own):
        fragment = ""
    return replace(
        address,
        path=without_dots(_SESSION.sub("", address.path)),
        query="&".join(untracked(address.query, own)),
        fragment=fragment,
    )


def _strict(address: Address) -> Address:
    """Fold what no site tells apart: doubled slashes, order of parameters, "a" and "a=", "+" and "%20"."""
    query = address.query.replace("+", "%20")
    pieces = sorted(piece if "=" in piece else f"{piece}=" for piece in query.split("&") if piece)
    return replace(address, path=_SLASHES.sub("/", address.path), query="&".join(pieces))


def _uncached(address: Address) -> Address:
    """Return the origin's address of a page in an AMP cache or viewer; any other as it is."""
    if address.host.endswith(".cdn.ampproject.org"):
        found = _AMP_CACHE_PATH.fullmatch(address.path)
    elif _GOOGLE.fullmatch(address.host):
        found = _GOOGLE_AMP_PATH.fullmatch(address.path)
    else:
        found = None
    if found is None:
        return address
    secure, rest = found.groups()
    query = f"?{address.query}" if address.query else ""
    return _canonical(f"http{'s' if secure else ''}://{rest}{query}") or address


def _folded_host(name: str) -> str:
    labels = name.split(".")
    while labels[0] in _VARIANT_LABELS and not _is_registered(labels[1:]):
        labels = labels[1:]
    return ".".join(labels)


def _is_registered(parent: list[str]) -> bool:
    """Whether a label under `parent` is a registered domain and not a variant of one."""
    return len(parent) < 2 or (
        len(parent) == 2 and parent[0] in _PUBLIC_SECOND_LEVELS and len(parent[1]) == 2
    )


def _folded_path(path: str) -> str:
    """Drop the AMP mark, the index file and the trailing slash; "amp" counts as a whole segment only."""
    path = _INDEX_FILE.sub("/", path).rstrip("/")
    path = path.removesuffix("/amp")
    if path.startswith("/amp/"):
        path = path[4:]
    if path.endswith(".amp"):
        path = path[:-4]
    elif path.endswith(".amp.html"):
        path = path[: -len(".amp.html")] + ".html"
    return path or "/"
