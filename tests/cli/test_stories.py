"""`show` and `explain` of entries: what is stored, and why, in words."""

import json
from pathlib import Path

import pytest

from tests.cli.test_overruling import FEED, TEXT
from tests.fetch.server import Answer, Server
from tests.running import Site

OLD = """<rss version="2.0"><channel><title>carol</title>
<item><guid>urn:carol:2</guid><title>No date</title><description>d</description></item>
<item><guid>urn:carol:1</guid><title>Long ago</title><pubDate>yesterday-ish</pubDate></item></channel></rss>"""


@pytest.fixture
def site(tmp_path: Path, publisher: Server) -> Site:
    """Three polled sources; alfa and bravo tell one story, and the feed "some" has room for one of carol's."""
    tables = ['[[feed]]\nname = "some"\nsources = ["carol"]\nlimit = 1\n']
    for hour, name in enumerate(("alfa", "bravo")):
        publisher.answer(f"/{name}", Answer(body=FEED.format(name=name, hour=hour, text=TEXT).encode()))
    publisher.answer("/carol", Answer(body=OLD.encode()))
    tables += [
        f'[[source]]\nid = "{name}"\nurl = "{publisher.url(f"/{name}")}"\n'
        for name in ("alfa", "bravo", "carol")
    ]
    made = Site(tmp_path, sources="".join(tables))
    assert made.run("poll").returncode == 0
    return made


def explained(site: Site, name: str) -> dict[str, object]:
    found = site.run("--json", "explain", name)
    assert found.returncode == 0, found.stderr
    (facts,) = json.loads(found.stdout)
    assert isinstance(facts, dict)
    return facts


def test_a_copy_is_explained_by_its_rule_and_scores(site: Site) -> None:
    facts = explained(site, "https://bravo.example/bridge")
    assert facts["id"] == "urn:bravo:1"
    assert facts["story"] == "urn:alfa:1"
    assert facts["because"] == "a story has the same title and begins with the same words"
    assert facts["judged by"] == ["100% of them are in the longer text"]
    assert facts["told by"] == ["urn:alfa:1 (alfa)"]
    assert facts["published"] == facts["dated"] == "2026-03-01 11:00:00 UTC"
    assert facts["shown"] == "as a further source of what urn:alfa:1 tells"
    assert facts["in feeds"] == ["feed"]
    assert facts["in no other"] == ["feeds/some: it has none of the sources that tell the story"]


def test_a_fuller_copy_is_named_as_what_is_shown(site: Site, publisher: Server) -> None:
    fuller = f"{TEXT} {' '.join(f'Shop {n} stays open.' for n in range(40))}"
    publisher.answer("/bravo", Answer(body=FEED.format(name="bravo", hour=1, text=fuller).encode()))
    assert site.run("poll", "--force").returncode == 0
    assert explained(site, "urn:alfa:1")["shown"] == "as a further source of what urn:bravo:1 tells"
    assert "shown" not in explained(site, "urn:bravo:1")


def test_a_founder_is_explained_in_words(site: Site) -> None:
    said = site.run("explain", "urn:alfa:1").stdout
    assert said.startswith("urn:alfa:1: Harbour bridge closes for nine weeks\n")
    assert "nothing stored told the same: it founded a story" in said
    assert "url https://alfa.example/bridge" in said
    assert "not shown" not in said


def test_dates_as_published_and_as_shown(site: Site) -> None:
    facts = explained(site, "urn:carol:1")
    assert "does not say" in str(facts["published"])
    assert str(facts["dated"]).endswith("when first seen, for want of a date")
    assert any("yesterday-ish" in str(problem) for problem in facts["problems"])  # type: ignore[attr-defined]


def test_what_a_feed_has_no_room_for(site: Site) -> None:
    places = {name: explained(site, name)["in feeds"] for name in ("urn:carol:1", "urn:carol:2")}
    assert sorted(map(len, places.values())) == [1, 2]  # type: ignore[arg-type]
    beyond = min(places, key=lambda name: len(places[name]))  # type: ignore[arg-type]
    assert explained(site, beyond)["in no other"] == [
        "feeds/some: the 1 stories it has are newer, and it is in the archive"
    ]


def test_an_entry_of_a_removed_source_and_an_overruled_one(site: Site) -> None:
    assert site.run("split", "urn:bravo:1").returncode == 0
    assert site.run("remove", "bravo").returncode == 0
    facts = explained(site, "urn:bravo:1")
    assert facts["not shown"] == "its source bravo has been removed"
    assert facts["in feeds"] == "none"
    assert str(facts["overruled"]).endswith("urn:alfa:1 is not one story with urn:bravo:1']")
    assert facts["story"] == "urn:bravo:1, which it founded"


def test_show_prints_a_story_as_stored(site: Site) -> None:
    (story,) = json.loads(site.run("--json", "show", "urn:bravo:1").stdout)
    assert (story["story_id"], story["published"]) == ("urn:alfa:1", True)
    assert [entry["entry_id"] for entry in story["entries"]] == ["urn:alfa:1", "urn:bravo:1"]
    assert [entry["rule"] for entry in story["entries"]] == ["new", "text"]
    assert story["entries"][1]["content_text"] == TEXT
    assert "url https://bravo.example/bridge" in story["marks"]
    printed = site.run("show", "urn:bravo:1").stdout
    assert printed.index("\nurn:bravo:1\n") < printed.index("\nurn:alfa:1\n")  # the one asked for first


@pytest.mark.parametrize("command", ["show", "explain"])
def test_nobody_by_that_name(site: Site, command: str) -> None:
    refused = site.run(command, "nobody")
    assert refused.returncode == 2
    assert "no entry nobody" in refused.stderr
