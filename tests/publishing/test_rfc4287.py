"""The judge of our Atom documents is itself judged: it must find what is wrong."""

import pytest

from tests.publishing.rfc4287 import wrongs

GOOD = """<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:a</id><title>T</title>
<updated>2023-11-14T08:33:00Z</updated><author><name>A</name></author>
<entry><id>urn:b</id><title>T</title><updated>2023-11-14T08:33:00Z</updated><link href="https://a.example/"/>
<summary type="html">x</summary></entry></feed>"""


def test_a_good_one() -> None:
    assert wrongs(GOOD.encode()) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("<id>urn:a</id>", "", "0 of id"),
        ("<title>T</title>", "<title>T</title><title>U</title>", "2 of title"),
        ("2023-11-14T08:33:00Z", "14.11.2023", "no date"),
        ("<author><name>A</name></author>", "", "without an author"),
        ("<name>A</name>", "<email>a@b</email>", "0 of name"),
        ('<link href="https://a.example/"/>', "", "neither content"),
        ('<link href="https://a.example/"/>', '<link href="https://a.example/ b"/>', "href"),
        ('<link href="https://a.example/"/>', "<link/>", "href is missing"),
        ('<link href="https://a.example/"/>', '<link href="u:a"/><link href="u:b"/>', "two alternate"),
        ('type="html"', 'type="text/html"', "type text/html"),
        ('type="html"', 'type="html" mode="escaped"', "no attribute mode"),
        ("<summary", "<issued>x</issued><summary", "issued does not belong"),
        ('<summary type="html">x', '<summary type="html">x<b/>', "elements within"),
        ("<id>urn:b</id>", "<id>b c</id>", "no URI"),
    ],
)
def test_what_is_wrong_is_found(old: str, new: str, says: str) -> None:
    assert old in GOOD
    assert any(says in wrong for wrong in wrongs(GOOD.replace(old, new, 1).encode()))
