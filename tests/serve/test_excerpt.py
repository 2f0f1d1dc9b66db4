import pytest

from aggregator.serve.excerpt import excerpt


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<p>One <b>w</b>ord.</p><p>Two.</p>", "One word. Two."),  # inline markup does not part words
        ("a<br>b<li>c", "a b c"),
        ("1 &lt; 2 &amp;&nbsp;3", "1 < 2 & 3"),
    ],
)
def test_plain_text(html: str, text: str) -> None:
    assert excerpt(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("twelve chars", "twelve chars"),
        ("eleven letters", "eleven…"),  # cut between words
        ("abcdefghijklmn", "abcdefghijkl…"),  # or within, when there is but one
        ("one, two, three", "one, two…"),
    ],
)
def test_cut_at_twelve_characters(html: str, text: str) -> None:
    assert excerpt(html, limit=12) == text


def test_a_book_is_not_read_to_its_end() -> None:
    text = excerpt("<p>Once</p>" + "<i>" * 10_000 + "never read")
    assert text == "Once…"
