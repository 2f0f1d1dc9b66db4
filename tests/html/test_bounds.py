"""What one document may cost, whatever it is made of."""

import time

import pytest

from aggregator.html import lift_posted, plain_text, sanitise
from aggregator.html.bounds import MAX_DEPTH, MAX_HTML_LENGTH

BASE = "https://news.example/dir/page"
SECONDS = 20  # generous: these inputs took minutes without bounds


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 10_000 + "deep" + "</div>" * 10_000,
        "<div>" * 1_000_000,
        "<b><p>" * 100_000,
        "<foo>" * 100_000 + "</bar>" * 100_000,
        "<ul><li>" * 100_000,
        "<script>" * 100_000,
        "<p " + " ".join(f"x{n}" for n in range(200_000)) + ">",
        "<p>text</p>" * 500_000,
        "<!--" * 1_000_000,
        "<" * 5_000_000,
        "<img src='x" * 100_000,
        "&" * 400_000,
        "<img srcset='" + "a " * 250_000 + "'>",
        "<img srcset='" + "," * 500_000 + "'>",
        "<img data-src=/a.png>" * 25_000,
        "<img style='" + "display:" * 60_000 + "'>",
        "<a href=/x>" * 45_000,
        "<a href=/x><img src=/p width=1 height=1></a>" * 11_000,
        "<svg><title>x" * 40_000,
        "<svg></svg>" * 45_000,
        "<math><mi>x</mi></math>" * 20_000,
        "<math><mtext>" * 40_000,
        "<iframe>" * 60_000,
        "<iframe src=/x></iframe>" * 20_000,
        "<object data=/x>" * 400,
        "<ul><li><p>" * 40_000,
        "<li>" * 120_000,
        "<pre>\n" * 80_000,
        "<p title='" + '"' * 490_000 + "'>",
    ],
    ids=lambda html: html[:8],
)
@pytest.mark.timeout(3 * SECONDS)
def test_bounded_work(html: str) -> None:
    start = time.process_time()
    safe, text = sanitise(html, base=BASE), plain_text(html)
    lift_posted(safe)
    assert time.process_time() - start < SECONDS
    assert len(safe) <= MAX_HTML_LENGTH
    assert len(text) <= MAX_HTML_LENGTH
    assert sanitise(safe) == safe


@pytest.mark.parametrize(
    "piece",
    [
        "<p>text <b>b</b></p>",
        "<img src=/x.png srcset='/y.png 2x'>",
        "<a href=/x>l</a>",
        "<math><mi>x</mi></math>",
    ],
)
def test_twice_as_much_takes_about_twice_as_long(piece: str) -> None:
    def cost(times: int) -> float:
        start = time.process_time()
        sanitise(piece * times, base=BASE)
        return time.process_time() - start

    few = 2_000
    assert min(cost(4 * few) for _ in range(3)) < 10 * min(cost(few) for _ in range(3))


def test_too_deep_keeps_its_text() -> None:
    html = "<div>" * (MAX_DEPTH + 1) + "a &lt; b<script>x</script>" + "</div>" * (MAX_DEPTH + 1)
    assert sanitise(html) == "<p>a &lt; b</p>"
    assert plain_text(html) == "a < b"


def test_deep_enough_stays() -> None:
    html = "<div>" * 100 + "x" + "</div>" * 100
    assert sanitise(html) == html


def test_what_only_ends_is_not_deep() -> None:
    html = "<b>x</b>" * MAX_DEPTH
    assert sanitise(html) == html
    assert sanitise("</div>" * (2 * MAX_DEPTH) + "<div>" * (MAX_DEPTH + 1) + "<b>x</b>") == "<p>x</p>"


def test_many_unclosed_paragraphs_are_not_deep() -> None:
    html = "<p>x<br><img src=https://a.example/i.png>" * (2 * MAX_DEPTH)
    assert sanitise(html).count("<img") == 2 * MAX_DEPTH


def test_inlined_images_do_not_cost_the_text_behind_them() -> None:
    html = f'<p>a</p><img src="data:image/png;base64,{"A" * 2 * MAX_HTML_LENGTH}"><p>b</p>'
    assert sanitise(html) == "<p>a</p><p>b</p>"
    assert plain_text(html) == "a\nb"
