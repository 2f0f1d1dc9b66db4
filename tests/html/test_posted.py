"""The "Posted:" line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.html import lift_posted, sanitise
from tests.html.markup import markup
from tests.html.oracle import active

BASE = "https://news.example/dir/page"
DATE = "14.11.2023 11:33:00"


@pytest.mark.parametrize(
    ("html", "date", "rest"),
    [
        (f"<p>Posted: {DATE}</p><p>„Zitat“ — x</p>", DATE, "<p>„Zitat“ — x</p>"),
        (f"Posted: {DATE}<br><br>Body", DATE, "Body"),
        (f"Posted: {DATE}\nTitle\n<p>x</p>", DATE, "Title\n<p>x</p>"),
        (f"<pre>Posted: {DATE}\nTitle\n x</pre>", DATE, "<pre>Title\n x</pre>"),
        (f"Posted: {DATE}", DATE, ""),
        (
            f"\n <div><p><b>POSTED:</b> {DATE}<br>Body <i>x</i></p></div>",
            DATE,
            "<div><p>Body <i>x</i></p></div>",
        ),
        (f"<p>Posted:\n{DATE}\n</p>x", DATE, "x"),
        (f"Posted: {DATE}<p>x</p>", DATE, "<p>x</p>"),
        (f"<div>Posted: {DATE}<p>x</p></div>", DATE, "<div><p>x</p></div>"),
        ("<p>Published on: Nov 14, 2023&nbsp;11:33</p>x", "Nov 14, 2023 11:33", "x"),
        (f"<p>Опубликовано: {DATE}</p>x", DATE, "x"),
        (f'<p><span title="a<b">Posted</span>: <time datetime="x">{DATE}</time></p>x', DATE, "x"),
    ],
)
def test_lift_posted(html: str, date: str, rest: str) -> None:
    assert lift_posted(html) == (date, rest)


@pytest.mark.parametrize(
    "html",
    [
        f"<p>Hello</p><p>Posted: {DATE}</p>",  # not the first line
        f"Hello. Posted: {DATE}",
        f"Reposted: {DATE}",
        "<p>Posted: by 3 people</p>",
        "<p>Posted yesterday</p><p>1 2 3</p>",
        f'<img src="https://a.example/x.png">Posted: {DATE}',  # it would be lost
        f"<ul><li>Posted: {DATE}</li></ul>",
        f"<p>Posted: {DATE} " + "in a long line of text that goes on and on " * 5 + "</p>",
        "<p>" * 1000 + f"Posted: {DATE}",
        "",
        "Posted:",
    ],
)
def test_nothing_to_lift(html: str) -> None:
    assert lift_posted(html) == (None, html)


@given(markup, st.sampled_from(["", "<p>", "<div><p>", "<b>"]))
def test_lifting_leaves_safe_html(html: str, before: str) -> None:
    safe = sanitise(f"{before}Posted: {DATE}{html}", base=BASE)
    date, rest = lift_posted(safe)
    assert active(rest) == []
    assert date is not None or rest == safe
