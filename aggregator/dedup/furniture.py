"""What stands around an article and is no part of it: bylines, datelines, "appeared first on", "Read more".

The same article carries other furniture at every publisher. What is wrongly left costs a match, what is
wrongly taken may make two texts equal: so only what has the very shape of furniture goes.
"""

import re

from aggregator.dedup.swaps import DAYS_AND_MONTHS
from aggregator.dedup.words import UNSPACED

HEAD_CHARS = 600  # where bylines and datelines stand
TAIL_CHARS = 500  # where footers stand
PASSES = 8  # a section, a byline, a date, a place …
LABEL_WORDS = 16  # a first line of so few words that ends no sentence is a label
LABELS = 8  # more of them are a table or a list: that is the text
SENTENCE_WORDS = 5  # a sentence has more spaces than this

_UNSPACED = re.compile(f"[{UNSPACED}]")
_SENTENCE_ENDS = frozenset(".!?…,;。！？，；")
_CAPITAL = r"[A-ZÀ-ÖØ-ÞЀ-ЯҐ]"
_NAME = rf"{_CAPITAL}[\w.'’-]*"
_MONTH = (
    r"(?i:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez"
    r"|янв|фев|мар|апр|мая|июн|июл|авг|сен|окт|ноя|дек)[^\W\d_]*\.?"
)
_DATE = rf"(?:{_MONTH}\s+\d{{1,2}}|\d{{1,2}}\.?\s+{_MONTH})(?:,?\s+\d{{4}})?"
_DASH = r"\s*(?:--?|[–—―])\s*"
_PLACE = rf"{_CAPITAL}[\w .,'’/-]{{0,50}}"

_HEADS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_PLACE}\([^()\n]{{2,30}}\){_DASH}",  # NEW YORK (AP) —, By Jane Roe LONDON (Wire) —, PENROW, Oct 3 (Wire) -
        rf"{_PLACE},\s*{_DATE}{_DASH}(?:{_NAME}(?:\s{_NAME})?\.\s)?",  # МОСКВА, 3 окт — Агентство.
        rf"(?:{_CAPITAL}{{3,}}[ ,]+){{0,3}}{_CAPITAL}{{3,}}(?:,\s*[\w.]{{2,12}})?\s*(?:--|[–—―])\s+",  # AUSTIN, Texas —
        rf"(?:(?:By|BY|Von)\s+)?{_NAME}\s{_NAME},\s{_NAME}\.\s",  # Von Max Muster, Hamburg.
        # FILE - In this May 1, 2018, file photo, R. Kelly performs in Los Angeles.
        r"(?:FILE\s*[-–—]+\s*)?In this (?:[\w.]+ \d{1,2},? \d{4},? )?(?:file )?photo\b"
        r"(?:[^.\n]|\.(?=\S)|(?<=\b[A-Z])\.){1,300}\.\s+",
        r"[\u4e00-\u9fff]{2,6}社[\u4e00-\u9fff]{0,8}(?:\d{1,2}月)?\d{1,2}日(?:综合)?[电電讯]\s*",  # 新华社北京10月3日电
        r"[（(](?:本报|本台)?记者[^（）()\n]{2,20}[）)]\s*",
        r"本报(?:[^\n。，]{0,12}讯)?\s*(?:记者[^\n。，]{0,12}[报報]道[:：，]?)?\s*",
    )
)
# The line of a picture that stands above the text.
_CAPTION = re.compile(
    r"\b(?:file photo|ap photo|photo by|getty images|screenshot)\b|^(?:file|photo|image|foto|bild|фото|图)\s*[:：–—-]"
    r"|^\(?图",
    re.IGNORECASE,
)
# When a page was put up, among its labels: "Posted: 4:56 AM, June 02, 2018". Another hour makes no other article.
_STAMP = re.compile(
    r"\s*(?:posted|published|(?:last )?updated|last modified|veröffentlicht|aktualisiert|опубликовано|обновлено"
    r"|publié|mis à jour|publicado|actualizado|发布时间|发布于|更新时间|更新于)(?![^\W\d])",
    re.IGNORECASE,
)
STAMP_CHARS = 60  # after its first words
TIME_WORDS = """
    mon tue wed thu fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec am pm on at
    um uhr den в г года le à h el a las de del 年 月 日 时 分
"""
_WHEN = frozenset(f"{DAYS_AND_MONTHS} {TIME_WORDS}".split())
_LETTERS = re.compile(r"[^\W\d_]+")

# What any of `_TAILS` contains: most texts have none, and are not searched for each.
_TAIL_HINT = re.compile(
    r"appeared|erschien|появил|est apparu|primero en|read |continue reading|weiterlesen|mehr lesen|zum artikel"
    r"|читать|подробнее|阅读|閱讀|查看|source|quelle|источник|来源|來源|©|最先|首先|首次",
    re.IGNORECASE,
)
_TAILS = tuple(
    re.compile(rf"(?:^|(?<=[\s.!?…”\"»)。！？]))(?:{pattern})\s*\Z", re.IGNORECASE)
    for pattern in (
        r"the post .{1,300} (?:appeared first|first appeared) on .{1,100}",
        r"der beitrag .{1,300} erschien zuerst (?:auf|bei) .{1,100}",
        r"сообщение .{1,300} появил\w+ сначала на .{1,100}",
        r"l[’']article .{1,300} est apparu en premier sur .{1,100}",
        r"la entrada .{1,300} (?:se publicó|aparece) primero en .{1,100}",
        r"(?:文章)?[^。！？\n]{1,80}(?:最先|首先|首次)(?:出现在|出現在|发布于|發佈於|发表于)[^。\n]{1,60}。?",
        r"\[?(?:read (?:more|on|the full (?:story|article))|continue reading)\b[^\n.!?]{0,60}[\s.…>»→\]]*",
        r"\[?(?:weiterlesen|mehr lesen|zum artikel)\b[^\n.!?]{0,60}[\s.…>»→\]]*",
        r"\[?(?:читать (?:далее|дальше|полностью)|подробнее)\b[^\n.!?]{0,60}[\s.…>»→\]]*",
        r"[\[【]?(?:阅读|閱讀|继续阅读|查看)(?:全文|更多|原文)[\s.…>»→\]】]*",
        r"(?:source|quelle|источник|来源|來源)\s*[:：][^\n.!?]{1,60}",
        r"©[^\n]{1,120}",
    )
)


def without_furniture(text: str) -> str:
    """Return `text` without what stands before its first sentence and after its last."""
    head, rest = _without_stamps(text[:HEAD_CHARS]), text[HEAD_CHARS:]
    for _ in range(PASSES):
        before = head
        for pattern in _HEADS:
            if (found := pattern.match(head)) is not None:
                head = head[found.end() :].lstrip()
        head = _without_labels(head, len(rest))
        if head == before:
            break
    text = head + rest
    body, tail = text[:-TAIL_CHARS], text[-TAIL_CHARS:]
    for _ in range(PASSES):
        before = tail
        if _TAIL_HINT.search(tail) is None:
            break
        for pattern in _TAILS:
            tail = pattern.sub("", tail)
        if tail == before:
            break
    return (body + tail).strip()


def _without_stamps(head: str) -> str:
    """Drop the lines among the first that say when the page was put up; not the last, which may be cut."""
    *lines, last = head.split("\n", LABELS)
    if not lines:
        return head
    return "\n".join([*(line for line in lines if not _is_stamp(line)), last])


def _is_stamp(line: str) -> bool:
    found = _STAMP.match(line)
    if found is None:
        return False
    when = line[found.end() :]
    is_zone = str.isupper  # "CDT", "MSK"
    return (
        len(when) <= STAMP_CHARS
        and any(map(str.isdigit, when))
        and all(word.casefold() in _WHEN or is_zone(word) for word in _LETTERS.findall(when))
    )


def _without_labels(head: str, more: int) -> str:
    """Drop the first lines that end no sentence: sections, names, dates, captions, the title again.

    Where no sentence follows soon, or too little (`more` characters come after `head`), they are a table or
    a list and stay.
    """
    left = head
    for _ in range(LABELS):
        line, _, after = left.partition("\n")
        line = line.rstrip()
        if after and _CAPTION.search(line):
            left = after.lstrip()
            continue
        if line.count(" ") >= LABEL_WORDS or line[-1:] in _SENTENCE_ENDS:
            is_sentence = line.count(" ") >= SENTENCE_WORDS or _UNSPACED.match(line)
            return left if is_sentence and len(left) + more >= len(head) - len(left) else head
        left = after.lstrip()
    return head
