"""The samples in deploy/, by the programs they are for, where these are installed."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from lxml import html

from tests.fetch.server import Answer, Server
from tests.running import ROOT, Running, Site, eventually, free_port

DEPLOY = ROOT / "deploy"
NGINX, CADDY = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin"), shutil.which("caddy")
FEED = b"""<rss version="2.0"><channel><title>Alfa</title>
<item><guid>1</guid><title>Snow falls</title></item></channel></rss>"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Server() as publisher:
        publisher.answer("/alfa", Answer(body=FEED))
        site = Site(
            tmp_path_factory.mktemp("behind"),
            sources=f'[[source]]\nid = "alfa"\nurl = "{publisher.url("/alfa")}"\n',
        )
        text = site.config.read_text()
        site.config.write_text(
            text.replace("[server]", '[server]\ntrusted_proxies = ["127.0.0.1/32"]\nrate_limit = "4/h"')
        )
        with site.daemon() as running:
            eventually(lambda: "Snow falls" in published(site, "feed.atom") or None, "it is published")
            yield running


def published(site: Site, path: str) -> str:
    file = site.data / "public" / path
    return file.read_text() if file.exists() else ""


@contextmanager
def running(command: list[str], port: int) -> Iterator[httpx.Client]:
    """A web server in the foreground, and a client of it."""
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:

            def answers() -> bool | None:
                if server.poll() is not None:
                    raise AssertionError(server.stdout.read() if server.stdout else "it ended")
                try:
                    return client.get("/nothing").status_code > 0
                except httpx.TransportError:
                    return None

            eventually(answers, f"{command[0]} answers")
            yield client
    finally:
        server.terminate()
        server.communicate(timeout=10)


@contextmanager
def nginx(sample: str, directory: Path, changes: dict[str, str]) -> Iterator[httpx.Client]:
    """Run nginx with one of our samples, only its addresses changed."""
    assert NGINX is not None
    port = free_port()
    text = (DEPLOY / sample).read_text()
    for old, new in {"listen 80;": f"listen 127.0.0.1:{port};", **changes}.items():
        assert old in text
        text = text.replace(old, new)
    paths = " ".join(
        f"{kind}_temp_path {directory};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = directory / "nginx.conf"
    main.write_text(
        f"daemon off; master_process off; pid {directory}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {paths}\n{text}\n}}\n"
    )
    with running([NGINX, "-p", str(directory), "-c", str(main), "-e", "stderr"], port) as client:
        yield client


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_before_the_daemon(daemon: Running, tmp_path: Path) -> None:
    with nginx("nginx.conf", tmp_path, {"127.0.0.1:8080": f"127.0.0.1:{daemon.site.port}"}) as client:
        first = client.get("/feed.atom", headers={"X-Forwarded-For": "192.0.2.1"})
        assert "Snow falls" in first.text
        again = client.get(
            "/feed.atom", headers={"If-None-Match": first.headers["etag"], "X-Forwarded-For": "192.0.2.2"}
        )
        assert (again.status_code, first.headers["content-encoding"]) == (304, "gzip")
        forged = [("X-Forwarded-For", "192.0.2.9"), ("Forwarded", "for=192.0.2.7")]
        statuses = [client.get("/feed.atom", headers=forged).status_code for _ in range(9)]
        assert statuses.count(429) >= 4  # of nginx's client, whatever it says of itself


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_alone(daemon: Running, tmp_path: Path) -> None:
    root = {"/var/lib/aggregator/public": str(daemon.site.data / "public")}
    with nginx("nginx-files.conf", tmp_path, root) as client:
        check_files(client)


@pytest.mark.skipif(CADDY is None, reason="caddy is not installed")
def test_caddy(daemon: Running, tmp_path: Path) -> None:
    assert CADDY is not None
    before, alone = free_port(), free_port()
    text = (DEPLOY / "Caddyfile").read_text()
    changes = {
        "\nnews.example.org {": f"\nhttp://127.0.0.1:{before} {{",
        "\nfeeds.example.org {": f"\nhttp://127.0.0.1:{alone} {{",
        "reverse_proxy 127.0.0.1:8080": f"reverse_proxy 127.0.0.1:{daemon.site.port}",
        "/var/lib/aggregator/public": str(daemon.site.data / "public"),
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "Caddyfile"
    file.write_text("{\n\tadmin off\n}\n" + text)
    with running([CADDY, "run", "--config", str(file), "--adapter", "caddyfile"], alone) as client:
        check_files(client)
        proxied = httpx.get(f"http://127.0.0.1:{before}/healthz", trust_env=False)
        assert (proxied.status_code, proxied.text) == (200, "ok\n")


def check_files(client: httpx.Client) -> None:
    """What subscribers need of a web server that has only our files."""
    for path, kind in (
        ("/feed.atom", "application/atom+xml"),
        ("/feed.rss", "application/rss+xml"),
        ("/feed.json", "application/feed+json"),
        ("/opml.xml", "text/x-opml"),
    ):
        response = client.get(path)
        assert (response.status_code, response.headers["content-type"]) == (200, f"{kind}; charset=utf-8")
        assert response.headers["cache-control"] == "public, max-age=300"
        assert client.get(path, headers={"If-None-Match": response.headers["etag"]}).status_code == 304
    assert "Snow falls" in client.get("/feed.atom").text
    assert client.get("/.new-x").status_code in {403, 404}
    assert client.get("/../aggregator.sqlite").status_code in {400, 403, 404}
    assert client.post("/feed.atom").status_code in {403, 405}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_unit_is_one(tmp_path: Path) -> None:
    text = (DEPLOY / "aggregator.service").read_text()
    unit = tmp_path / "aggregator.service"
    unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False, timeout=50
    )
    assert [line for line in done.stderr.splitlines() if unit.name in line] == []
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_below_a_path(tmp_path: Path) -> None:
    """Links of pages lead somewhere, those of stories whose ids are addresses, too (the slashes in them are %2F)."""
    guid = "https://alfa.example//news/100%25?a=b#c"
    feed = FEED.replace(b"<guid>1</guid>", f"<guid>{guid}</guid>".encode())
    with Server() as publisher:
        publisher.answer("/alfa", Answer(body=feed))
        site = Site(tmp_path, sources=f'[[source]]\nid = "alfa"\nurl = "{publisher.url("/alfa")}"\n')
        (sample,) = re.findall(
            r"# (location /river/ \{.*?\n    # \})", (DEPLOY / "nginx.conf").read_text(), re.DOTALL
        )
        below = re.sub(r"(?m)^ *# ", "", sample)
        changes = {
            "127.0.0.1:8080;": f"127.0.0.1:{site.port};",
            "    location / {": f"{below}\n    location / {{",
        }
        with site.daemon() as daemon, nginx("nginx.conf", tmp_path, changes) as client:
            daemon.feed("Snow falls")
            assert client.get("/river/feed.atom?limit=1").text.count("<entry>") == 1
            assert client.get("/river/feed.atom?limit=x").status_code == 400
            assert client.get("/river").status_code in {301, 404}
            page: html.HtmlElement = html.document_fromstring(client.get("/river/").content)
            story = next(str(one) for _, _, one, _ in page.iterlinks() if "stories/" in one)
            address = urljoin("/river/", story)
            found = client.get(address)
            assert (found.status_code, "Snow falls" in found.text) == (200, True)
            page = html.document_fromstring(found.content)
            for _, _, link, _ in page.iterlinks():
                if "://" not in link and not link.startswith("#"):
                    assert client.get(urljoin(address, link)).status_code == 200, link
