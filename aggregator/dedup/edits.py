"""Whether an edit of an entry is one: the same text set in other quotes is not, another figure is.

Two versions are compared by what is left without all that changes by itself: white space, typography,
counters of comments and views, "updated at 14:05", tokens in addresses, advertisements, lists of other articles,
and what the source says in every entry. As both sides are reduced alike, "trivially different" is an
equivalence: no chain of trivial edits ends at another text (FEATURES G10, PROTOCOL E7).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from aggregator import extras
from aggregator.dedup.said import TEXT_TOKENS, hashes
from aggregator.dedup.swaps import DAYS_AND_MONTHS
from aggregator.dedup.words import UNSPACED, tokens
from aggregator.html import Line, lines
from aggregator.model import Enclosure, Entry, Person
from aggregator.urls import folded_key, host

# In an address they name the visit or defeat a cache. Two articles may differ in one of them, two versions of
# one article do not.
EPHEMERAL_PARAMETERS = """
    _ cb cachebuster cache_buster nocache rand random rnd ord ts timestamp clickid click_id adid ad_id adtoken
    sid sessionid session_id phpsessid jsessionid token sig signature expires nonce hmac hdnea hdnts
"""
# Their addresses change at every request as a whole.
AD_HOSTS = """
    doubleclick.net googleadservices.com googlesyndication.com adnxs.com taboola.com outbrain.com feedsportal.com
    feedburner.com pheedo.com an.yandex.ru adfox.ru adriver.ru
"""
ADDRESSES_MOST = 4096  # remembered: two versions have most of them in common
IMAGE_ENDINGS = (".avif", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp")

_EPHEMERAL = frozenset(EPHEMERAL_PARAMETERS.split())
_AD_HOSTS = tuple(f".{name}" for name in AD_HOSTS.split())

# --- typography

_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
_VARIANTS = str.maketrans(
    dict.fromkeys("«»„“”‟〝〞「」『』", '"')
    | dict.fromkeys("‘’‚‛`´′", "'")
    | dict.fromkeys("‐‑‒–—―−", "-")
    | {"ё": "е", "Ё": "Е"}
)
_DASH = re.compile(r"\s*-+\s*")
_BESIDE_UNSPACED = re.compile(rf"(?<=[{UNSPACED}])\s+|\s+(?=[{UNSPACED}])")

# --- what counts and what is stamped by itself

_NUMBER = r"\d+(?:[.,\s]\d{3})*(?:[.,]\d+)?\s?(?:[km]\b|тыс\.?|млн\.?|tsd\.?|[万萬千])?\+?"
_COUNTED = (
    r"comments?|repl(?:y|ies)|responses?|reactions?|likes?|shares?|views?|reads?|retweets?|reposts?"
    r"|комментари(?:й|я|и|ев)|просмотр(?:а|ы|ов)?|лайк(?:а|и|ов)?|репост(?:а|ы|ов)?|отзыв(?:а|ы|ов)?"
    r"|kommentare?n?|aufrufe?n?|antworten?|reaktion(?:en)?|mal gelesen"
    r"|[条條个個]?(?:评论|評論|回复|回覆|留言)[数數]?|次?(?:阅读|閱讀|浏览|瀏覽|播放|点赞|點讚|转发|轉發)[数數量]?"
)
_NONE = r"no|keine?|нет|暂无|leave an?|add an?"
_AGO = (
    rf"{_NUMBER}\s*(?:seconds?|minutes?|mins?|hours?|hrs?|days?) ago"
    rf"|vor {_NUMBER}\s*(?:sekunden?|minuten?|stunden?|tage?n?)"
    rf"|{_NUMBER}\s*(?:секунд\w?|минут\w?|час(?:а|ов)?|дн(?:я|ей)|день) назад"
    rf"|{_NUMBER}\s*(?:秒|分[钟鐘]|小[时時]|天)前"
)
_STAMPED = (
    r"(?:last )?(?:updated|modified|posted|published)|(?:zuletzt )?(?:aktualisiert|veröffentlicht)|stand"
    r"|обновлено|опубликовано|(?:最后|最後)?(?:更新|发布|發佈)(?:于|於|时间|時間)?"
)
_COUNTER = (
    rf"(?:{_NUMBER}\s?(?:new |neue |новых )?(?:{_COUNTED})"
    rf"|#?\s?(?:{_COUNTED})\s?[:(]?\s?{_NUMBER}\)?"
    rf"|(?:{_NONE})\s?(?:{_COUNTED})(?: yet)?"
    rf"|(?:(?:{_STAMPED})\s?:?\s?)?(?:{_AGO}))"
)
COUNTER_CHARS = 200  # a longer sentence is prose
_IS_COUNTER = re.compile(rf"\s*{_COUNTER}(?:\s*[,/]?\s*{_COUNTER})*\s*\.?", re.IGNORECASE)
_IN_BRACKETS = re.compile(rf"[(\[]\s*{_COUNTER}\s*[)\]]", re.IGNORECASE)
_POINTS = re.compile(
    rf"(?:points?|score): {_NUMBER}|{_NUMBER} points?", re.IGNORECASE
)  # beside a counter only
_PARTS = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])\s*|\s*[|·•]\s*")

_IS_STAMP = re.compile(rf"\s*(?:{_STAMPED})\b\s*:?(.*)", re.IGNORECASE)
_STAMP_WORDS = frozenset(
    f"{DAYS_AND_MONTHS} jan feb mar mär apr jun jul aug sep sept oct okt nov dec dez on at um am pm uhr utc gmt"
    " est edt et bst cet cest мск msk в г года 年 月 日 时 時 分".split()
)

# --- other articles and advertisements

_LABEL = re.compile(
    r"(?:related(?: (?:articles?|stories|posts|news|links))?|(?:read|see) also|also read"
    r"|read more|more on this(?: topic)?|most read|you may also like"
    r"|advertisements?|advertising|sponsored(?: content)?|ads?"
    r"|(?:читайте|смотрите|читать) также|(?:материалы )?по теме|реклама|на правах рекламы"
    r"|lesen sie auch|mehr zum thema|auch interessant|das könnte sie auch interessieren|meistgelesen|anzeige|werbung"
    r"|相关(?:阅读|新闻|文章)|推荐阅读|延伸阅读|热门文章|猜你喜欢|广告|廣告|相關(?:閱讀|新聞|文章)|延伸閱讀)\s*[:>.…]*",
    re.IGNORECASE,
)
_GO_ON = re.compile(  # as a link: the rest of the article
    r"(?:read (?:more|on|the (?:full|whole) (?:article|story))|continue reading|full (?:article|story)"
    r"|weiterlesen|mehr lesen|zum artikel|читать (?:далее|дальше|полностью)|подробнее"
    r"|(?:阅读|閱讀|查看)(?:全文|更多|原文))\W*",
    re.IGNORECASE,
)
_BETWEEN_LINKS = " ,;|/·•-"  # what may stand between the links of a list


def is_trivial(new: Entry, old: Entry, boilerplate: frozenset[int] = frozenset()) -> bool:
    """Return whether a reader who knows `old` learns nothing from `new`; dates are not compared.

    `boilerplate` are hashes of what the source says in every entry, now or when it said `old`.
    """
    return _essence(new, boilerplate) == _essence(old, boilerplate)


def _essence(entry: Entry, boilerplate: frozenset[int]) -> tuple[object, ...]:
    return (
        entry.url and _address(entry.url),
        folded(entry.title),
        [_person(person) for person in entry.authors],
        (entry.language or "").replace("_", "-").casefold(),
        {folded(name).casefold() for name in entry.categories},
        [_enclosure(enclosure) for enclosure in entry.enclosures],
        _body(entry.summary, boilerplate),
        _body(entry.content, boilerplate),
        *extras.telling(entry.extras),
    )


def folded(text: str) -> str:
    """Return `text` with one kind of quote, dash and space; case and punctuation stay.

    Compatibility forms are one (NFKC): "…" is "...", full-width forms are ASCII, a no-break space is a space.
    """
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text.translate(_VARIANTS))).translate(_VARIANTS)
    text = _DASH.sub("-", " ".join(text.split()))
    return _BESIDE_UNSPACED.sub("", text)


def _person(person: Person) -> tuple[str, str, str]:
    return folded(person.name or ""), (person.email or "").casefold(), _address(person.url or "")


def _enclosure(enclosure: Enclosure) -> tuple[object, ...]:
    address = _picture(enclosure.url)
    is_picture = address.endswith(IMAGE_ENDINGS)  # which is measured anew whenever it is scaled
    return address, enclosure.type, None if is_picture else enclosure.length


@lru_cache(maxsize=ADDRESSES_MOST)
def _address(url: str) -> str:
    """Return what two addresses share that lead to the same; of advertisements only whose they are."""
    name = f".{host(url)}"
    if (advertiser := next((one for one in _AD_HOSTS if name.endswith(one)), None)) is not None:
        return advertiser
    before, mark, query = folded_key(url).partition("?")
    query, hash_, fragment = query.partition("#")
    kept = [piece for piece in query.split("&") if piece.partition("=")[0].lower() not in _EPHEMERAL]
    return before + (mark + "&".join(kept) if any(kept) else "") + hash_ + fragment


def _picture(url: str) -> str:
    """A query behind the name of an image file says how large or how fresh, not which."""
    address = _address(url)
    path = address.partition("?")[0]
    return path if path.lower().endswith(IMAGE_ENDINGS) else address


def _body(html: str, boilerplate: frozenset[int]) -> tuple[str, list[str]]:
    """Return the text and the addresses that are the entry's own; where all is boilerplate, that is the text."""
    every = list(lines(html))
    own = list(_own(every, boilerplate)) or list(_own(every, frozenset()))
    text = " ".join(_uncounted(folded(line.text) for line in own))
    return folded(text), [address for line in own for address in _addresses(line)]


def _addresses(line: Line) -> Iterator[str]:
    yield from map(_address, line.links)
    yield from map(_picture, line.media)


def _own(every: Iterable[Line], boilerplate: frozenset[int]) -> Iterator[Line]:
    """Yield the lines that are not labelled as other articles or advertisements, stamps, or said everywhere."""
    is_listed = False  # below a label, as long as there are links and pictures only
    for line in every:
        alone = folded(line.alone).strip(_BETWEEN_LINKS)
        is_listed = _LABEL.fullmatch(alone) is not None or (is_listed and not alone)
        if is_listed or _is_stamp(folded(line.text)) or (not alone and _GO_ON.fullmatch(folded(line.text))):
            continue
        said = hashes(tokens(line.text, TEXT_TOKENS)) if boilerplate else []
        if said and boilerplate.issuperset(said):
            continue
        yield line


def _is_stamp(text: str) -> bool:
    """Whether a line says when the page was written, and nothing else."""
    found = _IS_STAMP.fullmatch(text)
    if found is None:
        return False
    words = tokens(found[1], TEXT_TOKENS)
    is_dated = any(word[0].isdigit() for word in words)
    return is_dated and all(word[0].isdigit() or word in _STAMP_WORDS for word in words)


def _uncounted(texts: Iterable[str]) -> Iterator[str]:
    """Yield the sentences that are no counters: in prose "12 comments" is what the author says."""
    parts = [part for text in texts for part in _PARTS.split(_IN_BRACKETS.sub("", text))]
    kept = [part for part in parts if len(part) > COUNTER_CHARS or _IS_COUNTER.fullmatch(part) is None]
    is_counted = len(kept) < len(parts)
    yield from (part for part in kept if not is_counted or _POINTS.fullmatch(part) is None)
