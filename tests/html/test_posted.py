"""The "Posted:" line."""

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.dates import Habit, read_date
from aggregator.html import lift_posted, posted_line, sanitise
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
        "<p>Published: 3 books and 2 records</p>",
        "<p>Published 2 of 3 volumes</p>",
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


LINES = {
    "en": [
        "Posted: {}",
        "Date posted: {}",
        "Posted on Tuesday, November 14, 2023 at 11:33 AM",
        "Published {}",
    ],
    "de": ["Veröffentlicht: {}", "Veröffentlicht am: {}", "Veröffentlicht am 14. November 2023 um 11:33 Uhr"],
    "fr": [
        "Publié le {}",
        "Publié le : {}",
        "Publié le mardi 14 novembre 2023 à 11h33",
        "Mis en ligne le {}",
    ],
    "es": ["Publicado: {}", "Publicado el 14 de noviembre de 2023 11:33", "Fecha de publicación: {}"],
    "it": ["Pubblicato: {}", "Pubblicato il 14 novembre 2023 alle 11:33", "Data di pubblicazione: {}"],
    "pt": ["Publicado em: {}", "Publicado em 14 de novembro de 2023 às 11:33", "Data de publicação: {}"],
    "nl": ["Gepubliceerd: {}", "Gepubliceerd op 14 november 2023 om 11:33", "Geplaatst op: {}"],
    "pl": ["Opublikowano: {}", "Opublikowano 14 listopada 2023 11:33", "Data publikacji: {}", "Dodano: {}"],
    "cs": ["Publikováno: {}", "Zveřejněno 14. listopadu 2023 11:33", "Datum vydání: {}"],
    "ru": ["Опубликовано: {}", "Опубликовано 14 ноября 2023 года в 11:33", "Дата публикации: {}"],
    "uk": ["Опубліковано: {}", "Опубліковано 14 листопада 2023, 11:33", "Дата публікації: {}"],
    "be": ["Апублікавана: {}", "Апублікавана 14 лістапада 2023 г. 11:33", "Дата публікацыі: {}"],
    "tr": ["Yayınlandı: {}", "YAYINLANMA TARİHİ: {}", "Yayınlanma tarihi 14 Kasım 2023 11:33"],
    "el": ["Δημοσιεύτηκε: {}", "ΔΗΜΟΣΙΕΥΤΗΚΕ: {}", "Δημοσιεύτηκε στις 14 Νοεμβρίου 2023 11:33"],
    "sv": ["Publicerad: {}", "Publicerad den 14 november 2023 kl. 11.33"],
    "hu": ["Közzétéve: {}", "Megjelent: {}", "Közzétéve 2023. november 14. 11:33"],
    "ro": ["Publicat: {}", "Publicat pe 14 noiembrie 2023 11:33", "Data publicării: {}"],
    "ja": ["投稿日: {}", "投稿日:{}", "公開日時：2023年11月14日 11時33分", "投稿日2023年11月14日11時33分"],
    "zh": ["发布时间：{}", "發佈時間：2023年11月14日 11:33", "发布于 2023-11-14 11:33"],
    "ko": ["게시일: {}", "작성일 2023년 11월 14일 11:33", "입력 2023-11-14 11:33"],
    "ar": ["تاريخ النشر: {}", "نُشر في 14 نوفمبر 2023 11:33", "نشر في: \u200f{}"],
}


@pytest.mark.parametrize(
    ("language", "line"), [(name, line) for name, lines in LINES.items() for line in lines]
)
def test_a_posted_line_in_many_languages(language: str, line: str) -> None:
    for written in (line, f"**{line}**", line.upper() if language != "tr" else line):
        found = posted_line(written.format("14.11.2023 11:33"))
        assert found is not None
        reading = read_date(found.date, habit=Habit(language=found.language))
        assert reading.at == datetime(2023, 11, 14, 11, 33, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    ["**Posted:** {}", "**Posted**: {}", "__Posted:__ {}", "*Posted: {}*", "Posted ：{}", "**Posted:**{}"],
)
def test_a_posted_line_with_emphasis_or_a_wide_colon(line: str) -> None:
    found = posted_line(line.format(DATE))
    assert found is not None
    assert found.date == DATE


@pytest.mark.parametrize(
    "line",
    [
        "Posted 3 days ago by 2 people",
        "Posted in 2023 with 3 comments",
        "Published 1.2.3",
        "Published 2 / 3",
        "Published: 3 books and 2 records",
        "Published 14.11.2023 in News",
        "Dodano 3 z 10 produktów",
        "Enter 2 of 3",
        "Megjelent 3 könyve 2023-ban",
        "发布 3 本书 2 张",
        "Posted",
        "14.11.2023 11:33:00",
        "Updated: 14.11.2023 11:33:00",
        "We posted: 14.11.2023 11:33:00",
        "Posted: 14.11.2023 11:33:00 " + "and so on " * 10,
    ],
)
def test_no_posted_line(line: str) -> None:
    assert posted_line(line) is None


WIDE = {n: n + 0xFEE0 for n in range(ord("A"), ord("z") + 1) if chr(n).isalpha()}
WRITTEN: list[Callable[[str], str]] = [
    str,
    str.upper,
    lambda line: unicodedata.normalize("NFD", line),
    lambda line: line.translate(WIDE),
    lambda line: f"**{line}**",
    lambda line: line[0] + "\u00ad" + line[1:],
]


@given(
    st.sampled_from([line for lines in LINES.values() for line in lines]),
    st.sampled_from(WRITTEN),
    st.text("*_ \n\t\xa0'`’´\u200f\ufeff\u0301", max_size=4),
    st.lists(st.sampled_from(["<p>", "<b>", '<a title="a>b">', "<br>", " "]), max_size=4).map("".join),
    st.sampled_from(["", "</b>", "<i></i>", "&nbsp;"]),
    st.integers(0, 4),
)
def test_no_posted_line_is_passed_over(
    line: str, write: Callable[[str], str], odd: str, before: str, between: str, at: int
) -> None:
    text = odd + write(line.format(DATE))
    html = f"{before}{escape(text[:at])}{between}{escape(text[at:])}<p>x</p>"
    found = posted_line(text[:at] + (between if between[:1] == "&" else "") + text[at:])
    assert lift_posted(html)[0] == (found.date if found else None)


@given(markup, st.sampled_from(["", "<p>", "<div><p>", "<b>"]))
def test_lifting_leaves_safe_html(html: str, before: str) -> None:
    safe = sanitise(f"{before}Posted: {DATE}{html}", base=BASE)
    date, rest = lift_posted(safe)
    assert active(rest) == []
    assert date is not None or rest == safe


def test_a_line_whose_only_digits_are_in_references_is_no_posted_line() -> None:
    assert posted_line("It said &#8220;no&#8221;.") is None
