"""Documents that are no feed but a commentary with its time: "Posted: <date>", a title, paragraphs.

Plain text or HTML, a file or an address, or a folder of such files. Every line "Posted: <date>" of a text
begins an entry, so that a growing log of them is read as well.
"""

import io
import re
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import lxml.etree
import lxml.html

from aggregator.errors import ParseError
from aggregator.html import Posted, escape_text, plain_text, posted_line
from aggregator.model import FOLDER_TYPE, ParsedDate, ParsedEntry, ParsedFeed, Response, Text
from aggregator.parse.encoding import decode

FORMAT = "text"
LEAD_CHARS = 5_000  # of a text that may stand above its first "Posted:" line
SEARCHED = 100_000  # bytes of a page that are looked at to tell what it is
FIRST_LINES = 3  # of a page: where it is, a heading, the line itself
TITLE_CHARS = 300  # a longer first paragraph is no title
PROBLEM_FILES = 5  # of a folder named one by one, when nothing can be read from them

_HTML = re.compile(
    r"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|article|div|p|h[1-6])\b",
    re.IGNORECASE | re.DOTALL,
)
_FEED = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|rss|feed|rdf:RDF)\s")  # neither a page nor the line
_UNDERLINE = re.compile(r"(?:={3,}|-{3,})[ \t]*(?=\n|$)")  # of a heading in Markdown
_MARKED = re.compile(r"^#{1,6} +| +#+$")
_BLANK = re.compile(r"\n[ \t]*\n")
HEADINGS = ("h1", "h2", "h3")
OTHER_BLOCKS = "h4 h5 h6 p ul ol dl blockquote pre table figure img video audio"
LEFT_OUT = frozenset(["script", "style", "noscript", "nav", "footer", "aside", "form", "template", "iframe"])
BLOCKS = frozenset((*HEADINGS, *OTHER_BLOCKS.split()))


@dataclass(frozen=True, slots=True)
class _Post:
    """One commentary as it stands in its document."""

    posted: Posted
    title: str
    content: Text


def looks_like_text(response: Response) -> bool:
    """Return whether a document begins like a commentary, as no feed does; folders hold nothing else.

    A text does when the line is its first, or has nothing but a heading above it. A page does when the line
    is among the first that it shows, and has its colon: many pages have one further down, or without.
    """
    if _is_folder(response):
        return True
    if _FEED.match(response.body):
        return False
    start = _decoded(response.body[:SEARCHED], response)
    if not _HTML.match(start):
        return _begins_with_line(
            [line.strip() for line in start.strip()[:LEAD_CHARS].splitlines() if line.strip()]
        )
    lines = plain_text(start).split("\n")[:FIRST_LINES]
    return any(posted_line(line, needs_colon=True) is not None for line in lines)


def _begins_with_line(lines: Sequence[str]) -> bool:
    """Whether the line is the first of these, or stands between one short one and more."""
    if lines and posted_line(lines[0]) is not None:
        return True
    body = [line for line in lines if not _UNDERLINE.fullmatch(line)]
    return (
        len(body) >= FIRST_LINES
        and len(body[0]) <= TITLE_CHARS
        and posted_line(body[1], needs_colon=True) is not None
    )


def parse(response: Response) -> ParsedFeed:
    """Read a commentary or a folder of them; raises `ParseError` when there is not a single one."""
    if _is_folder(response):
        return _folder(response)
    link = None if response.url.startswith("file:") else response.url
    posts = _posts(_decoded(response.body, response))
    if not posts:
        raise ParseError(f'the document at {response.url} has no line "Posted: <date>" with text after it')
    # Its address stays while its text changes: what tells commentaries apart is when they were posted.
    entries = tuple(_entry(post, guid=post.posted.date, link=link) for post in posts)
    return ParsedFeed(format=FORMAT, base=response.url, entries=entries)


def _folder(response: Response) -> ParsedFeed:
    entries: list[ParsedEntry] = []
    unread: list[str] = []
    for name, body in _files(response.body):
        posts = _posts(_decoded(body, replace(response, headers={})))
        if len(posts) == 1:
            entries.append(_entry(posts[0], guid=name, link=None))
        else:  # one of them may have been alone in its file
            entries += (
                replace(_entry(post, guid=f"{name} {post.posted.date}", link=None), lone_id=name)
                for post in posts
            )
        if not posts:
            unread.append(name)
    problems = tuple(f'{name} has no line "Posted: <date>" with text after it' for name in unread)
    if not entries:
        raise ParseError("; ".join(problems[:PROBLEM_FILES]) or f"the folder {response.url} has no files")
    return ParsedFeed(format=FORMAT, base=response.url, entries=tuple(entries), problems=problems)


def _is_folder(response: Response) -> bool:
    return response.url.startswith("file:") and response.headers.get("content-type") == FOLDER_TYPE


def _files(body: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                yield member.name, file.read()


def _entry(post: _Post, *, guid: str, link: str | None) -> ParsedEntry:
    return ParsedEntry(
        id=guid,
        link=link,
        title=Text(value=post.title, kind="text"),
        content=post.content,
        published=ParsedDate(text=post.posted.date, language=post.posted.language),
    )


def _decoded(body: bytes, response: Response) -> str:
    return decode(body, response.headers.get("content-type", "")).text.lstrip("\ufeff\0")


def _posts(text: str) -> Sequence[_Post]:
    if _HTML.match(text):
        found = _html_post(text)
        return [] if found is None else [found]
    return list(_text_posts(text.replace("\r\n", "\n").replace("\r", "\n")))


# --- plain text


def _text_posts(text: str) -> Iterator[_Post]:
    """Cut a text before each line "Posted: <date>"; what stands above the first is its title."""
    lines = text.split("\n")
    found = {n: posted for n, line in enumerate(lines) if (posted := posted_line(line.strip())) is not None}
    starts = [*found]
    if not starts or sum(map(len, lines[: starts[0]])) > LEAD_CHARS:
        return
    if posted_line(lines[starts[0]].strip(), needs_colon=True) is not None:  # then all begin like the first
        starts = [n for n in starts if posted_line(lines[n].strip(), needs_colon=True) is not None]
    above = "\n".join(lines[: starts[0]]).strip()
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        title, content = _title_and_text(above, "\n".join(lines[start + 1 : end]).strip())
        above = ""
        if title or content:
            yield _Post(found[start], title, Text(value=escape_text(content), kind="html"))


def _title_and_text(above: str, below: str) -> tuple[str, str]:
    """A title is a short paragraph of its own; a lone long one is the text, and then there is none."""
    if above:
        return _heading(above), below
    first, _, rest = below.partition("\n\n") if _BLANK.search(below) else below.partition("\n")
    if len(first) > TITLE_CHARS:
        return "", below
    rest = rest.strip()
    underline = _UNDERLINE.match(rest)
    return _heading(first), rest[underline.end() if underline else 0 :].strip()


def _heading(text: str) -> str:
    """One line without what Markdown marks a heading with."""
    lines = (line for line in text.split("\n") if not _UNDERLINE.fullmatch(line.strip()))
    return _MARKED.sub("", " ".join(" ".join(lines).split()))


# --- HTML


def _html_post(text: str) -> _Post | None:
    """Find the line in a page, the heading next to it, and the blocks that follow in the same part of it."""
    try:
        root = lxml.html.document_fromstring(text.encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))
    except (lxml.etree.ParserError, ValueError):  # nothing but comments
        return None
    for element in list(_elements(root)):
        if element.tag in LEFT_OUT and element is not root:
            element.drop_tree()
    posted = _posted_element(root)
    if posted is None:
        return next(_text_posts("".join(map(str, root.itertext()))), None)
    element, line = posted
    blocks = list(_blocks_after(element))
    heading = next((one for one in blocks[:2] if one.tag in HEADINGS), None)
    if heading is not None:
        blocks.remove(heading)
    else:
        heading = _heading_before(element)
    if heading is None and blocks and len(blocks[0].text_content()) <= TITLE_CHARS:
        heading = blocks.pop(0)
    title = "" if heading is None else " ".join(heading.text_content().split())
    content = "".join(lxml.html.tostring(one, encoding="unicode", with_tail=False) for one in blocks)
    if not title and not content:
        return None
    return _Post(line, title, Text(value=content, kind="html"))


def _posted_element(root: lxml.html.HtmlElement) -> tuple[lxml.html.HtmlElement, Posted] | None:
    """Return the outermost element that holds nothing but the line."""
    for element in _elements(root):
        if not (element.text or "").strip():
            continue
        for found in (element, element.getparent()):  # the date may stand next to its label's element
            if found is not None and (line := _line_of(found)) is not None:
                return _outermost(found, line), line
    return None


def _outermost(element: lxml.html.HtmlElement, line: Posted) -> lxml.html.HtmlElement:
    parent = element.getparent()
    while parent is not None and _line_of(parent) == line:
        element, parent = parent, parent.getparent()
    return element


def _line_of(element: lxml.html.HtmlElement) -> Posted | None:
    """Return what it says if the element is the line; long ones are not read to their end."""
    words: list[str] = []
    size = 0
    for text in element.itertext():
        words += text.split()
        size += len(text)
        if size > LEAD_CHARS:
            return None
    return posted_line(" ".join(words))


def _elements(root: lxml.html.HtmlElement) -> Iterator[lxml.html.HtmlElement]:
    return (one for one in root.iter() if isinstance(one, lxml.html.HtmlElement))


def _blocks_after(element: lxml.html.HtmlElement) -> Iterator[lxml.html.HtmlElement]:
    """The blocks that follow, in the smallest part of the page that has any."""
    while True:
        for sibling in element.itersiblings():
            if isinstance(sibling, lxml.html.HtmlElement):
                yield from _blocks_in(sibling)
        parent = element.getparent()
        if parent is None or parent.tag in {"article", "main", "body"}:
            return
        element = parent


def _blocks_in(element: lxml.html.HtmlElement) -> Iterator[lxml.html.HtmlElement]:
    if element.tag in BLOCKS:
        yield element
        return
    inner = list(element.iter(*BLOCKS))
    if inner:
        yield from (block for block in inner if not _stands_in_block(block, element))
    elif element.text_content().strip():
        yield element  # a text in a <div> of its own


def _stands_in_block(block: lxml.html.HtmlElement, within: lxml.html.HtmlElement) -> bool:
    parent = block.getparent()
    while parent is not None and parent is not within:
        if parent.tag in BLOCKS:
            return True
        parent = parent.getparent()
    return False


def _heading_before(element: lxml.html.HtmlElement) -> lxml.html.HtmlElement | None:
    before = element.xpath("|".join(f"preceding::{name}" for name in HEADINGS))
    return before[-1] if before else None
