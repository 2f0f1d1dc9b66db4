"""Which edits of an entry are none; each case both ways, for nobody can tell which version came first."""

from typing import Any

import pytest

from aggregator.dedup.edits import is_trivial
from aggregator.dedup.said import read
from aggregator.html import sanitise
from aggregator.model import Enclosure, Entry, Episode, Extras, Person

EN = "The council adopted the budget of 4,600 pounds on Monday after a long debate about schools."
RU = "Совет принял бюджет на следующий год после долгих споров о школах и дорогах."
DE = "Der Rat beschloss am Montag den Haushalt nach langer Debatte über Schulen und Straßen."
ZH = "市议会周一经过长时间辩论后通过了明年的预算。"


def said(html: str, **more: Any) -> Entry:
    content = sanitise(html, base="https://alfa.example/1")
    return Entry(source_id="alfa", guid="1", content=content, **{"title": "Title"} | more)


TRIVIAL = {
    "white space": (f"<p>{EN}</p>", f"<p>\n  {EN.replace(' ', '  ')}&nbsp;</p>"),
    "paragraphs or breaks": ("<p>One.</p><p>Two.</p>", "One.<br><br>Two."),
    "emphasis": (f"<p>{EN}</p>", f"<p><strong>The</strong>{EN[3:]}</p>"),
    "no-break spaces and zero widths (ru)": (f"<p>{RU}</p>", f"<p>{RU.replace(' на ', '&nbsp;на ')}&#8203;</p>"),
    "spaces between characters (zh)": (f"<p>{ZH}</p>", f"<p>{ZH.replace('周一', ' 周一 ')}</p>"),
    "entities": ("<p>Tom &amp; Ann</p>", "<p>Tom &#38; Ann</p>"),
    "quotes (en)": ('<p>"It\'s late," she said.</p>', "<p>“It’s late,” she said.</p>"),
    "quotes (ru)": ("<p>«Мир» вышел</p>", "<p>„Мир“ вышел</p>"),
    "quotes (de)": ("<p>„Ja“, sagte er.</p>", "<p>»Ja«, sagte er.</p>"),
    "quotes (zh)": ("<p>他说：“好”。</p>", "<p>他说：「好」。</p>"),
    "dashes": ("<p>Minsk - the capital -- won</p>", "<p>Minsk — the capital–won</p>"),
    "ellipsis": ("<p>Well...</p>", "<p>Well…</p>"),
    "full-width forms (zh)": ("<p>增长５％，很快</p>", "<p>增长5%,很快</p>"),
    "ё (ru)": ("<p>Он ещё идёт</p>", "<p>Он еще идет</p>"),
    "soft hyphens (de)": ("<p>Haushaltsdebatte</p>", "<p>Haushalts&shy;debatte</p>"),
    "composed or decomposed (de)": ("<p>Straßenbau über</p>", "<p>Straßenbau u\u0308ber</p>"),
    "comments (en)": (f"<p>{EN}</p><p>12 comments</p>", f"<p>{EN}</p><p>13 comments</p>"),
    "comments, the first": (f"<p>{EN}</p><p>No comments yet</p>", f"<p>{EN}</p><p>1 comment</p>"),
    "comments behind the text": (f"<p>{EN} 12 comments</p>", f"<p>{EN} 1,013 comments</p>"),
    "comments in brackets": (f"<p>{EN} (12 comments)</p>", f"<p>{EN} [13 comments]</p>"),
    "comments, label first": (f"<p>{EN}</p>Comments (12)", f"<p>{EN}</p>Comments (13)"),
    "several counters": (f"<p>{EN}</p>1.2k views, 3 shares | 5 likes", f"<p>{EN}</p>1.3k views, 4 shares | 6 likes"),
    "comments (ru)": (f"<p>{RU}</p>21 комментарий", f"<p>{RU}</p>25 комментариев"),
    "views (ru)": (f"<p>{RU}</p>Просмотров: 1 204", f"<p>{RU}</p>Просмотров: 1 377"),
    "comments (de)": (f"<p>{DE}</p>1 Kommentar", f"<p>{DE}</p>12 Kommentare"),
    "comments (zh)": (f"<p>{ZH}12条评论</p>", f"<p>{ZH}13条评论</p>"),
    "views (zh)": (f"<p>{ZH}</p>阅读数：1.2万", f"<p>{ZH}</p>阅读数：1.3万"),
    "points beside comments": ("<p>Points: 92</p><p># Comments: 38</p>", "<p>Points: 97</p><p># Comments: 41</p>"),
    "ago (en)": (f"<p>{EN}</p>Posted 5 minutes ago", f"<p>{EN}</p>Posted 2 hours ago"),
    "ago (ru)": (f"<p>{RU}</p>5 минут назад", f"<p>{RU}</p>2 часа назад"),
    "ago (de)": (f"<p>{DE}</p>vor 5 Minuten", f"<p>{DE}</p>vor 2 Stunden"),
    "ago (zh)": (f"<p>{ZH}</p>5分钟前", f"<p>{ZH}</p>2小时前"),
    "stamp (en)": (
        f"Last updated: 1 March 2026 14:05 GMT<p>{EN}</p>",
        f"Last updated: 2 March 2026 9:30 GMT<p>{EN}</p>",
    ),
    "stamp (ru)": (f"Обновлено: 1 марта 2026 в 14:05<p>{RU}</p>", f"Обновлено: 2 марта 2026 в 15:00<p>{RU}</p>"),
    "stamp (de)": (f"Stand: 01.03.2026, 14:05 Uhr<p>{DE}</p>", f"Stand: 02.03.2026, 9:30 Uhr<p>{DE}</p>"),
    "stamp (zh)": (f"更新时间：2026年3月1日 14:05<p>{ZH}</p>", f"更新时间：2026年3月2日 15:00<p>{ZH}</p>"),
    "tracking in links": (
        f'<p>{EN} <a href="/a?id=7&utm_source=rss">More</a></p>',
        f'<p>{EN} <a href="/a?id=7&utm_source=x&fbclid=Iw">More</a></p>',
    ),
    "tokens in links": (f'<p>{EN} <a href="/a?id=7&sid=a1">M</a></p>', f'<p>{EN} <a href="/a?sid=b2&id=7">M</a></p>'),
    "https": (f'<p>{EN} <a href="http://b.example/a">M</a></p>', f'<p>{EN} <a href="https://b.example/a">M</a></p>'),
    "advertisements": (
        f'<p>{EN}</p><p>Advertisement</p><a href="https://ad.doubleclick.net/ord=1"><img src="/a.png" alt="Buy"></a>',
        f'<p>{EN}</p><p>Advertisement</p><a href="https://ad.doubleclick.net/ord=2"><img src="/b.png" alt="Sell"></a>',
    ),
    "an advertisement that comes and goes (ru)": (
        f"<p>{RU}</p>",
        f'<p>{RU}</p><p>Реклама</p><a href="/b"><img src="/b.png"></a>',
    ),
    "an advertisement without a label": (
        f'<p>{EN}</p><a href="https://feeds.feedburner.com/~ff/x?a=1"><img src="https://feeds.feedburner.com/~ff/x?i=1"></a>',
        f'<p>{EN}</p><a href="https://feeds.feedburner.com/~ff/x?a=2"><img src="https://feeds.feedburner.com/~ff/x?i=2"></a>',
    ),
    "other articles (en)": (
        f'<p>{EN}</p><p>Read also: <a href="/2">Old news</a></p>',
        f'<p>{EN}</p><p>Read also: <a href="/3">New news</a></p>',
    ),
    "other articles (ru)": (
        f'<p>{RU}</p><h4>Читайте также</h4><ul><li><a href="/2">Раз</a></li><li><a href="/3">Два</a></li></ul>',
        f'<p>{RU}</p><h4>Читайте также</h4><ul><li><a href="/4">Три</a></li></ul>',
    ),
    "other articles (de)": (
        f'<p>{DE}</p><p>Mehr zum Thema</p><a href="/2">Alt</a>',
        f'<p>{DE}</p><p>Mehr zum Thema:</p><a href="/3">Neu</a>',
    ),
    "other articles (zh)": (
        f'<p>{ZH}</p><p>相关阅读：</p><p><a href="/2">旧闻</a></p>',
        f'<p>{ZH}</p><p>相关阅读：</p><p><a href="/3">新闻</a></p>',
    ),
    "the way to the rest": (f'<p>{EN}</p><a href="/1">Read more</a>', f'<p>{EN}</p><a href="/1">Continue reading</a>'),
    "attribute order": ('<img alt="A" src="/a.jpg">', '<img src="/a.jpg" alt="A">'),
    "image queries": (f'<img src="/a.jpg?w=300&v=1">{EN}', f'<img src="/a.jpg?w=600&v=2" width="600">{EN}'),
    "image candidates": (f'<img src="/a.jpg" srcset="/a.jpg?w=2 2x">{EN}', f'<img src="/a.jpg">{EN}'),
}  # fmt: skip


@pytest.mark.parametrize(("first", "second"), TRIVIAL.values(), ids=TRIVIAL)
def test_a_trivial_edit_is_none(first: str, second: str) -> None:
    a, b = said(first), said(second)
    assert is_trivial(a, b)
    assert is_trivial(b, a)
    assert not is_trivial(a, said(first + "<p>And one more sentence of the author.</p>"))


REAL = {
    "a figure (en)": (f"<p>{EN}</p>", f"<p>{EN.replace('4,600', '4,700')}</p>"),
    "a weekday (de)": (f"<p>{DE}</p>", f"<p>{DE.replace('Montag', 'Dienstag')}</p>"),
    "a negation (ru)": (f"<p>{RU}</p>", f"<p>{RU.replace('принял', 'не принял')}</p>"),
    "a character (zh)": (f"<p>{ZH}</p>", f"<p>{ZH.replace('通过', '否决')}</p>"),
    "a word more": (f"<p>{EN}</p>", f"<p>{EN[:-1]} and roads.</p>"),
    "a typing error": ("<p>They recieve it</p>", "<p>They receive it</p>"),
    "case": ("<p>He told us</p>", "<p>He told US</p>"),
    "a sign": ("<p>It grew 5 per cent</p>", "<p>It grew -5 per cent</p>"),
    "a number of comments that is the news": (
        "<p>The ministry received 12 comments from cities.</p>",
        "<p>The ministry received 13 comments from cities.</p>",
    ),
    "votes": ("<p>Passed. 12 votes.</p>", "<p>Passed. 13 votes.</p>"),
    "points of a match": ("<p>Points: 24</p>", "<p>Points: 27</p>"),
    "a time that is the news": ("<p>Heard 5 minutes ago in Tarn.</p>", "<p>Heard 9 minutes ago in Tarn.</p>"),
    "an update that says something": ("<p>Updated: 3 dead</p>", "<p>Updated: 5 dead</p>"),
    "a correction": (f"<p>{EN}</p>", f"<p>{EN}</p><p>Correction: an earlier version named another sum.</p>"),
    "struck out": ("<p>He was guilty of theft.</p>", "<p>He was <s>guilty of</s> theft.</p>"),
    "another link": ('<p><a href="/a?id=7">More</a></p>', '<p><a href="/a?id=8">More</a></p>'),
    "another picture": (f'<img src="/a.jpg">{EN}', f'<img src="/b.jpg">{EN}'),
    "a picture by query": (f'<img src="/image?id=1">{EN}', f'<img src="/image?id=2">{EN}'),
    "a list that is the article": (
        f'<p>{EN}</p><h4>Links of the day</h4><p><a href="/2">One</a></p>',
        f'<p>{EN}</p><h4>Links of the day</h4><p><a href="/3">Two</a></p>',
    ),
    "a paragraph below other articles": (
        '<p>Read also: <a href="/2">Old</a></p><p>He resigned.</p>',
        '<p>Read also: <a href="/2">Old</a></p><p>He stayed.</p>',
    ),
    "a text that comes late": ("", f"<p>{EN}</p>"),
    "nothing but a stamp, then a text": ("Updated: 14:05", "Updated: 14:05<p>He resigned.</p>"),
}  # fmt: skip


@pytest.mark.parametrize(("first", "second"), REAL.values(), ids=REAL)
def test_an_edit_that_says_something_is_one(first: str, second: str) -> None:
    assert not is_trivial(said(first), said(second))
    assert not is_trivial(said(second), said(first))


MP3 = Enclosure(url="https://a.example/1.mp3?id=1", type="audio/mpeg", length=10)
JPG = Enclosure(url="https://a.example/1.jpg?w=1", type="image/jpeg", length=10)


@pytest.mark.parametrize(
    ("first", "second", "trivial"),
    [
        pytest.param({"title": "“A” – B"}, {"title": '"A" - B'}, True, id="title: typography"),
        pytest.param({"title": "12 comments"}, {"title": "13 comments"}, False, id="title: a counter is a title"),
        pytest.param({"title": "A"}, {"title": "A (updated)"}, False, id="title"),
        pytest.param({"url": "https://a.example/1?gclid=x"}, {"url": "http://a.example/1"}, True, id="url: tokens"),
        pytest.param({"url": "https://a.example/1"}, {"url": "https://a.example/2"}, False, id="url"),
        pytest.param({"url": None}, {"url": "https://a.example/2"}, False, id="url: none before"),
        pytest.param({"categories": ("a", "B")}, {"categories": ("b", "A")}, True, id="categories: order, case"),
        pytest.param({"categories": ("a",)}, {"categories": ("a", "b")}, False, id="categories"),
        pytest.param({"language": "en_GB"}, {"language": "en-gb"}, True, id="language: spelling"),
        pytest.param({"language": "en"}, {"language": "de"}, False, id="language"),
        pytest.param({"authors": (Person(name="A  B"),)}, {"authors": (Person(name="A B"),)}, True, id="author: space"),
        pytest.param({"authors": (Person(name="A"),)}, {"authors": (Person(name="B"),)}, False, id="author"),
        pytest.param({"summary": "<p>A</p>"}, {"summary": "<p>A </p>"}, True, id="summary: white space"),
        pytest.param({"summary": "<p>A</p>"}, {"summary": "<p>B</p>"}, False, id="summary"),
        pytest.param(
            {"enclosures": (JPG,)},
            {"enclosures": (Enclosure(url="https://a.example/1.jpg?w=2", type="image/jpeg", length=20),)},
            True, id="enclosure: a picture scaled anew",
        ),
        pytest.param(
            {"enclosures": (MP3,)},
            {"enclosures": (Enclosure(url="https://a.example/1.mp3?id=1", type="audio/mpeg", length=11),)},
            False, id="enclosure: recorded anew",
        ),
        pytest.param(
            {"enclosures": (MP3,)},
            {"enclosures": (Enclosure(url="https://a.example/1.mp3?id=2", type="audio/mpeg", length=10),)},
            False, id="enclosure",
        ),
        pytest.param(
            {"extras": Extras(thumbnail="https://a.example/1.jpg?w=1")},
            {"extras": Extras(thumbnail="https://a.example/1.jpg?w=2")},
            True, id="extras: a picture scaled anew",
        ),
        pytest.param(
            {"extras": Extras(episode=Episode(number=1))},
            {"extras": Extras(episode=Episode(number=1, chapters_url="https://a.example/1.json"))},
            False, id="extras",
        ),
    ],
)  # fmt: skip
def test_everything_that_is_shown_counts(
    first: dict[str, Any], second: dict[str, Any], trivial: bool
) -> None:
    assert is_trivial(said(EN, **first), said(EN, **second)) is trivial


def test_what_a_source_says_everywhere_may_rotate_unless_it_is_all_there_is() -> None:
    old, new = "Subscribe to our podcast about the sea", "Come to our summer festival in the park"
    usual = frozenset((*read(old)[1], *read(new)[1]))
    a, b = (said(f"<p>{EN}</p><p>{footer}</p>") for footer in (old, new))
    assert is_trivial(a, b, usual)
    assert not is_trivial(a, b)
    assert not is_trivial(said(f"<p>{old}</p>"), said(f"<p>{new}</p>"), usual)  # stubs behind a paywall
