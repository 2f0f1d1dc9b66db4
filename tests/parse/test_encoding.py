"""Bytes that lie about themselves, and what they say."""

import pytest

from aggregator.model import ParsedFeed, Response
from aggregator.parse import parse
from aggregator.parse.encoding import decode, once

WORDS = "Über – «ёж»"
LATIN = "Über Größe"
RUSSIAN = "Новости дня: в стране и за рубежом"


def rss(title: str, declared: str | None = None) -> str:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    return f'{head}<rss version="2.0"><channel><title>T</title><item><title>{title}</title></item></channel></rss>'


def read(body: bytes, content_type: str = "") -> ParsedFeed:
    headers = {"content-type": content_type} if content_type else {}
    return parse(Response(status=200, url="https://alfa.example/rss", body=body, headers=headers))


READ = [
    (rss(WORDS).encode(), "", WORDS, "UTF-8 needs no label"),
    (
        rss(WORDS, "utf-16").encode(),
        "",
        WORDS,
        "declared UTF-16 that is UTF-8: a database wrote it, a proxy did not",
    ),
    (
        rss(WORDS, "iso-8859-1").encode(),
        "",
        WORDS,
        "declared Latin-1 that is UTF-8: nothing else looks like UTF-8",
    ),
    (rss(WORDS, "us-ascii").encode(), "", WORDS, "declared ASCII that is UTF-8"),
    (rss(WORDS, "bogus").encode(), "", WORDS, "declared as what there is not"),
    (rss(WORDS, "base64").encode(), "", WORDS, "declared as what encodes no text"),
    (rss(WORDS).encode(), "text/xml; charset=iso-8859-1", WORDS, "sent as Latin-1 that is UTF-8"),
    (rss(WORDS).encode(), "application/octet-stream", WORDS, "sent as nothing"),
    (rss(WORDS).encode(), "image/png", WORDS, "sent as something else"),
    (rss(WORDS).encode("utf-8-sig"), "", WORDS, "a mark of UTF-8"),
    (b"\xef\xbb\xbf" + rss(WORDS).encode("utf-8-sig"), "", WORDS, "two of them"),
    (b"\n" + rss(WORDS).encode("utf-8-sig"), "", WORDS, "a mark after a blank line"),
    (rss(WORDS, "utf-8").encode("utf-16"), "", WORDS, "UTF-16 with a mark that is declared UTF-8"),
    (rss(WORDS).encode("utf-16-le"), "", WORDS, "UTF-16 without a mark"),
    (rss(WORDS).encode("utf-16-be"), "", WORDS, "the other way round"),
    (("\n\n" + rss(WORDS)).encode("utf-16-le"), "", WORDS, "UTF-16 without a mark after blank lines"),
    (rss("漢字" * 600).encode("utf-16-le"), "", "漢字" * 600, "UTF-16 that is mostly not ASCII"),
    (rss(WORDS).encode("utf-32"), "", WORDS, "UTF-32"),
    (rss(WORDS).encode("utf-32-be"), "", WORDS, "UTF-32 without a mark"),
    (rss(RUSSIAN, "windows-1251").encode("cp1251"), "", RUSSIAN, "declared and true"),
    (rss(RUSSIAN).encode("koi8-r"), "text/xml; charset=koi8-r", RUSSIAN, "sent and true"),
    (
        rss(RUSSIAN, "windows-1251").encode("koi8-r"),
        "text/xml; charset=koi8-r",
        RUSSIAN,
        "the server knows better than the document (RFC 7303 §3)",
    ),
    (
        rss(RUSSIAN, "windows-1251").encode("cp1251"),
        "text/xml; charset=iso-8859-1",
        RUSSIAN,
        "but not when it says Latin-1, which is what servers say of what they do not know",
    ),
    (
        rss(RUSSIAN, "windows-1251").encode("cp1251"),
        "text/xml; charset=utf-8",
        RUSSIAN,
        "sent as UTF-8 that is none",
    ),
    (rss("a – b", "iso-8859-1").encode("cp1252"), "", "a – b", "Latin-1 means windows-1252"),
    (rss("鎔 中文", "gb2312").encode("gbk"), "", "鎔 中文", "GB 2312 means GB 18030"),
    (rss("①日本", "shift_jis").encode("cp932"), "", "①日本", "Shift JIS means Microsoft's"),
    (rss("日本", "iso-2022-jp").encode("iso-2022-jp"), "", "日本", "what looks like ASCII and is not"),
    (
        WORDS.join(rss("|").split("|")).encode().decode("latin-1").encode(),
        "",
        WORDS,
        "encoded twice, by way of Latin-1",
    ),
    (
        rss("«Привет», – сказал ёж").encode().decode("latin-1").encode(),
        "",
        "«Привет», – сказал ёж",
        "in Cyrillic, too",
    ),
]


@pytest.mark.parametrize(("body", "content_type", "title", "why"), READ, ids=[case[3] for case in READ])
def test_what_is_read_without_a_word(body: bytes, content_type: str, title: str, why: str) -> None:
    feed = read(body, content_type)
    assert [entry.title.value for entry in feed.entries if entry.title] == [title], why
    assert feed.problems == ()


TOLD = [
    (rss(LATIN, "utf-8").encode("latin-1"), LATIN, "the encoding was guessed: cp1252", "declared UTF-8 that is none"),
    (rss(LATIN).encode("cp1252"), LATIN, "the encoding was guessed: cp1252", "a few letters: no statistics"),
    (rss(RUSSIAN * 9).encode("cp1251"), RUSSIAN * 9, "the encoding was guessed: cp1251", "much in another script"),
    (
        rss(f"{WORDS} don|t").encode().replace(b"|", b"\x92"),
        f"{WORDS} don’t",
        "1 bytes that are no utf-8 were read as windows-1252",
        "pasted from elsewhere",
    ),
    (
        rss("日本" * 99, "euc-jp").encode("euc-jp").replace(b"</t", b"\xff</t"),
        "日本" * 99 + "\ufffd",
        "some bytes are no euc_jp",
        "nearly what it is declared as",
    ),
    (
        ("junk " + rss("x" * 99 + WORDS)).encode("utf-16-be"),
        "x" * 99 + WORDS,
        "not well-formed: something stands before the feed",
        "UTF-16 after junk: by where the zeros are",
    ),
    (rss(WORDS).encode("utf-16") + b"\0", WORDS, "some bytes are no utf-16-le", "half a character too many"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "title", "problem", "why"), TOLD, ids=[case[3] for case in TOLD])
def test_what_is_read_with_a_word(body: bytes, title: str, problem: str, why: str) -> None:
    feed = read(body)
    assert [entry.title.value for entry in feed.entries if entry.title] == [title], why
    assert problem in feed.problems


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Ã© is how é looks when it is read wrongly", "an article on the subject has another é"),
        ("Ã©", "one character is no proof"),
        ("naïve façade", "words of French"),
        ("Â«", "not even three"),
        ("Ã©Ã¨Ã€ и", "what no single byte can be"),
        ("", "nothing"),
    ],
)
def test_what_is_not_certain_to_be_encoded_twice_stays(text: str, why: str) -> None:
    assert once(text) == text, why


def test_a_document_that_ends_within_a_character_says_so() -> None:
    decoded = decode("<a>ё".encode()[:-1])
    assert (decoded.text, decoded.problem) == ("<a>", "the document ends within a character")


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"\xff\xfe", b"\0", b"<\0", b"\x80" * 99, bytes(range(256)) * 9]
)
def test_nothing_makes_it_fail(body: bytes) -> None:
    assert isinstance(decode(body, "x; charset=\0").text, str)
