"""Sources that lead elsewhere: in circles, to addresses that are nobody's business, to what is no web."""

from tests.faults.hostile import Hostile
from tests.fetch.server import Answer, Asked, redirect

REFUSED = "allow it in [poll] allow_addresses"
# Spellings of addresses that may not be asked. At ::1 the fault server listens, to see that it is not.
FORBIDDEN = {
    "loopback-6": "http://[::1]:{port}/victim",
    "loopback-6-long": "http://[0:0:0:0:0:0:0:1]:{port}/victim",
    "private-10": "http://10.0.0.1/",
    "private-172": "http://172.31.255.1/",
    "private-192": "http://192.168.1.1/admin",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "metadata-as-number": "http://2852039166/latest/meta-data/",
    "decimal": "http://167772161/",
    "hexadecimal": "http://0xa000001/",
    "octal": "http://01200000001/",
    "short": "http://10.1/",
    "mapped": "http://[::ffff:10.0.0.1]/",
    "translated": "http://[64:ff9b::a00:1]/",
    "six-to-four": "http://[2002:a00:1::]/",
    "everywhere": "http://0.0.0.0:{port}/victim",
    "link-local-6": "http://[fe80::1%25lo]/",
    "multicast": "http://224.0.0.1/",
    "shared-space": "http://100.64.0.1/",
    "with-user": "http://127.0.0.1@10.0.0.1/",
}


def _endless(asked: Asked) -> Answer:
    return redirect(f"{asked.target}{'' if '?' in asked.target else '?'}1")


def _to(target: str, status: int = 302) -> Hostile:
    return Hostile(answer=redirect(target, status), error="")


_LOOPS = {
    "redirect-to-more": Hostile(answer=_endless, error="more than 10 redirects"),
    "redirect-ping": Hostile(
        answer=redirect("/redirect-ping/pong", 301),
        also={"/redirect-ping/pong": redirect("/redirect-ping", 308)},
        error="redirects go round in a loop",
    ),
    "redirect-chain": Hostile(
        answer=redirect("/redirect-chain/1"),
        also={f"/redirect-chain/{n}": redirect(f"/redirect-chain/{n + 1}") for n in range(1, 30)},
        error="more than 10 redirects",
    ),
    "redirect-nowhere": Hostile(answer=Answer(status=302), error="302"),
    "redirect-to-nothing": Hostile(answer=Answer(status=301, headers=[("Location", "")]), error=""),
    "redirect-with-a-header": _to("/redirect-with-a-header/%0d%0aX-Evil:%201"),
    "redirect-of-8-kb": _to("/" + "a" * 8000),
    "redirect-to-other-port": _to("http://127.0.0.1:1/"),
    "redirect-to-port-99999": _to("http://127.0.0.1:99999/"),
    "redirect-to-nonsense": _to("http://[::1"),
    "redirect-to-long-name": _to(f"http://{'a' * 64}.{'b' * 250}.example/"),
    "redirect-to-no-name": _to("http://nowhere.invalid/"),
}
_SCHEMES = {
    f"redirect-to-{name}": _to(target)
    for name, target in {
        "file": "file:///etc/passwd",
        "file-short": "file:/etc/passwd",
        "ftp": "ftp://127.0.0.1/",
        "gopher": "gopher://127.0.0.1:{port}/_GET%20/victim",
        "data": "data:application/rss+xml,<rss/>",
        "script": "javascript:alert(1)",
        "socket": "unix:///run/evil.sock",
    }.items()
}
_GUARDED = {
    f"redirect-to-{name}": Hostile(
        answer=redirect(target, (301, 302, 303, 307, 308)[number % 5]), error=REFUSED
    )
    for number, (name, target) in enumerate(FORBIDDEN.items())
}
_DIRECT = {
    f"at-{name}": Hostile(url=FORBIDDEN[name], error=REFUSED)
    for name in ("loopback-6", "private-10", "metadata", "decimal", "octal", "mapped", "everywhere")
}
PLACES = (
    _LOOPS
    | _SCHEMES
    | _GUARDED
    | _DIRECT
    | {
        "no-such-host": Hostile(url="http://nowhere.invalid/feed", error="does not resolve"),
        "nobody-listens": Hostile(url="http://127.0.0.1:1/feed", error="connection refused"),
    }
)
