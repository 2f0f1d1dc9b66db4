"""The running daemon follows its configuration, whatever is written into it, and however."""

from pathlib import Path

from tests.fetch.server import Server
from tests.running import Site
from tests.test_daemon import serve


def test_a_user_that_is_not_there_ends_nothing(tmp_path: Path, publisher: Server) -> None:
    """`~name` means a directory of that name, in files that are watched as in files that are read."""
    site = Site(tmp_path, sources=serve(publisher, "alfa"))
    with site.daemon() as daemon:
        site.sources.write_text('# token_file = "~alice-who-is-not-here/token"\n' + serve(publisher, "bravo"))
        daemon.feed("News of bravo")
        site.sources.write_text(f'[[feed]]\nname = "f"\ntags = ["x"]\ntoken_file = "{"a" * 9_000}"\n')
        assert "sources.toml:4:14: error:" in daemon.log("event=reload", "File name too long")
        site.config.write_text(f'[aggregator]\ndata_dir = "{"a" * 9_000}"\n')
        assert "aggregator.toml:2:12: error:" in daemon.log("event=reload", "data_dir")
        assert daemon.process.poll() is None
