"""What an allow-list cannot express: addresses made absolute, lazy images, tracking pixels, embeds, formulas."""

import re
from html import escape, unescape

from aggregator.html.allowed import FORMULA_TAGS, LINK_REL, kept, media_address
from aggregator.html.embeds import page_of
from aggregator.html.pixels import is_tracker, is_unseen
from aggregator.urls import absolute, host

# Where images wait for a script, best first: before `src` what it stands in for, after it copies of it.
LAZY_SOURCES = (
    "data-src data-lazy-src data-original data-orig src"
    " data-orig-file data-large-file data-medium-file data-url"
)
LAZY_SRCSETS = "data-srcset data-lazy-srcset srcset"
_SOURCES, _SRCSETS = LAZY_SOURCES.split(), LAZY_SRCSETS.split()

# Elements and attributes that `rewritten` reads and never leaves in its answer.
READ_TAGS = "embed iframe object svg title"
_SEEN_OR_NOT = frozenset({"height", "hidden", "style", "width"})
READ_ATTRIBUTES = {
    "*": {"xml:base", "xml:lang"},
    "embed": {"src", *_SEEN_OR_NOT},
    "iframe": {"data-lazy-src", "data-src", "src", *_SEEN_OR_NOT},
    "img": {"hidden", "style", *_SOURCES, *_SRCSETS} - {"src", "srcset"},
    "object": {"data", *_SEEN_OR_NOT},
    "source": {"data-src", "data-srcset", "data-lazy-srcset"},
    "svg": {"aria-label"},
}
_READ = {tag: frozenset({*READ_ATTRIBUTES["*"], *names}) for tag, names in READ_ATTRIBUTES.items()}
# These end where they begin, or are read as a whole: an xml:base of theirs is nobody's.
_BASELESS = frozenset(["br", "col", "embed", "hr", "iframe", "img", "math", "source", "svg", "title", "wbr"])
_IN_FORMULAS = frozenset(FORMULA_TAGS.split())

# Over nh3's own output only, where text has no bare `<` and attribute values no bare `"`.
_TAG = re.compile(r'<(/?)([a-z][a-z0-9-]*)((?: [a-z][a-z:-]*="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z:-]+)="([^"]*)"')
# A link as nearly all are, with nothing to decode.
_LINK = re.compile(rf' href="([^"&<>\u00a0]+)" rel="{LINK_REL}"')
_NOTABLE = "a|embed|iframe|img|math|object|source|svg|title"
# Where no xml:base is in force, the tags that are not written as they are.
_CHANGED = re.compile(_TAG.pattern.replace("(/?)", rf"(/?)(?=(?:{_NOTABLE})[ >]|[a-z0-9-]+ )"))


def rewritten(html: str, base: str | None) -> str:
    """Return nh3's output as it is to be shown; again with any `base` changes nothing. Linear."""
    writer = _Writer(html, base)
    position = 0
    tags = _TAG if "xml:base" in html else _CHANGED
    while tag := tags.search(html, position):
        writer.pieces.append(html[position : tag.start()])
        position = writer.write(tag)
    writer.pieces.append(html[position:])
    return "".join(writer.pieces)


class _Writer:
    """Writes `pieces` tag by tag; each method returns where reading goes on."""

    def __init__(self, html: str, base: str | None) -> None:
        self.pieces: list[str] = []
        self._html = html
        self._base = base
        # By xml:base: the element, how many of its name are open inside, the base outside.
        self._bases: list[tuple[str, int, str | None]] = []
        self._anchors: list[int | None] = []  # where those open stand in `pieces`; None = left out
        self._embedded: set[str] = set()  # addresses that have been linked: an <object> holds its <embed>
        self._lazy: tuple[str, int] | None = None  # address of the last lazy image, and where it ends

    def write(self, tag: re.Match[str]) -> int:
        closing, name, attributes = tag.groups()
        if closing:
            return self._close(tag)
        if self._bases or "xml:base" in attributes:
            self._enter(name, attributes)
        if name in _SPECIAL:
            return _SPECIAL[name](self, tag)
        self.pieces.append(f"<{name}{self._kept(name, _said(attributes))}>" if attributes else tag[0])
        return tag.end()

    def _enter(self, name: str, attributes: str) -> None:
        """Obey an xml:base inside XHTML content (RFC 4287 §2, XML Base §4)."""
        relative = _said(attributes).get("xml:base")
        if relative is not None and name not in _BASELESS:
            self._bases.append((name, 0, self._base))
            self._base = absolute(self._base, relative) or self._base
        elif self._bases and self._bases[-1][0] == name:
            self._bases[-1] = (name, self._bases[-1][1] + 1, self._bases[-1][2])

    def _leave(self, name: str) -> None:
        opened, inside, outer = self._bases[-1]
        if opened == name and inside:
            self._bases[-1] = (name, inside - 1, outer)
        elif opened == name:
            self._base = outer
            self._bases.pop()

    def _close(self, tag: re.Match[str]) -> int:
        if self._bases:
            self._leave(tag[2])
        if tag[2] == "a":
            opened = self._anchors.pop() if self._anchors else None
            if opened is None:
                return tag.end()
            if not any(map(str.strip, self.pieces[opened + 1 :])):  # its image was a pixel
                self.pieces[opened] = ""
                return tag.end()
        if tag[2] != "object":
            self.pieces.append(tag[0])
        return tag.end()

    def _kept(self, name: str, said: dict[str, str]) -> str:
        """Return attributes as text: judged, absolute, without those that are only read."""
        if "xml:lang" in said:
            said.setdefault("lang", said["xml:lang"])  # XHTML §C.7: of both, xml:lang says the same
        read, written = _READ.get(name, _READ["*"]), ""
        for key, value in said.items():
            if key not in read and (judged := kept(name, key, value, base=self._base)) is not None:
                written += f' {key}="{_escaped(judged)}"'
        return written

    # --- elements that may become something else

    def _anchor(self, tag: re.Match[str]) -> int:
        link = _LINK.fullmatch(tag[3])
        if link and kept("a", "href", link[1], base=self._base) == link[1]:
            self._anchors.append(len(self.pieces))
            self.pieces.append(tag[0])
            return tag.end()
        said = _said(tag[3])
        text = self._kept("a", said)
        if ' href="' in text:
            self._anchors.append(len(self.pieces))
            self.pieces.append(f"<a{text}>")
        else:
            self._anchors.append(None)
        return tag.end()

    def _image(self, tag: re.Match[str]) -> int:
        """Write an image, or nothing for one without address, for a tracking pixel and for a second one.

        A lazy image is often followed by itself in <noscript>.
        """
        said = _said(tag[3])
        source, lazy = self._lazily(said)
        if lazy and is_unseen(said):  # the size of what stood in for it
            said = {name: value for name, value in said.items() if name in {"src", "srcset", "alt", "lang"}}
        if not (source or "srcset" in said) or is_tracker(source or said["srcset"]) or is_unseen(said):
            return tag.end()
        if self._lazy and self._lazy[0] == source and not any(map(str.strip, self.pieces[self._lazy[1] :])):
            return tag.end()
        self.pieces.append(f"<img{self._kept('img', said)}>")
        self._lazy = (source, len(self.pieces)) if source and lazy else None
        return tag.end()

    def _source(self, tag: re.Match[str]) -> int:
        said = _said(tag[3])
        self._lazily(said)
        if "src" in said or "srcset" in said:
            self.pieces.append(f"<source{self._kept('source', said)}>")
        return tag.end()

    def _lazily(self, said: dict[str, str]) -> tuple[str | None, bool]:
        """Put the best addresses into `src` and `srcset`; return the first, and whether it was lazy."""
        chosen: list[tuple[str, str]] = []
        for target, names in (("src", _SOURCES), ("srcset", _SRCSETS)):
            found = (
                (name, value)
                for name in names
                if name in said and (value := kept("img", target, said[name], base=self._base)) is not None
            )
            name, value = next(found, ("", ""))
            chosen.append((name, value))
            if value:
                said[target] = value
            else:
                said.pop(target, None)
        (source_name, source), (srcset_name, _) = chosen
        return source or None, source_name.startswith("data-") or srcset_name.startswith("data-")

    def _embed(self, tag: re.Match[str]) -> int:
        """Write a link instead of what would be loaded from a third party without asking."""
        said = _said(tag[3])
        address = next(
            (
                found
                for name in ("data-src", "data-lazy-src", "src", "data")
                if name in said and (found := media_address(said[name], self._base))
            ),
            None,
        )
        if address and not is_unseen(said) and not is_tracker(address):
            page = page_of(address)
            if page not in self._embedded:
                self._embedded.add(page)
                title = " ".join(said.get("title", "").split())
                label = f"{title} ({host(page)})" if title else page
                language = self._kept(tag[2], {key: said[key] for key in ("lang", "dir") if key in said})
                self.pieces.append(
                    f'<a href="{_escaped(page)}"{language} rel="{LINK_REL}">{escape(label, quote=False)}</a>'
                )
        return tag.end()

    def _frame(self, tag: re.Match[str]) -> int:
        """What stands inside a frame is raw text and never shown."""
        self._embed(tag)
        return self._after("</iframe>", tag.end())

    def _title(self, tag: re.Match[str]) -> int:
        """The title of a whole page that was taken for content."""
        return self._after("</title>", tag.end())

    def _after(self, end: str, position: int) -> int:
        found = self._html.find(end, position)
        return len(self._html) if found < 0 else found + len(end)

    def _drawing(self, tag: re.Match[str]) -> int:
        """Write the accessible name of an SVG: the author's words for who cannot see it (SVG-AAM §8)."""
        inner, end = self._region(tag)
        name = _said(tag[3]).get("aria-label", "")
        if not name and inner.startswith("<title>"):
            name = unescape(inner[len("<title>") :].partition("</title>")[0])
        self.pieces.append(escape(" ".join(name.split()), quote=False))
        return end

    def _formula(self, tag: re.Match[str]) -> int:
        """Keep a formula of nothing but MathML: HTML inside it, or SVG, is what makes parsers disagree."""
        inner, end = self._region(tag)
        names = {found[2] for found in _TAG.finditer(inner)}
        text = " ".join(_TAG.sub(" ", inner).split())
        said = _said(tag[3])
        if names and names <= _IN_FORMULAS and text:
            self.pieces.append(f"<math{self._kept('math', said)}>")
            return tag.end()
        self.pieces.append(escape(said.get("alttext", ""), quote=False) or text)
        return end

    def _region(self, opened: re.Match[str]) -> tuple[str, int]:
        """Return what stands inside an element, and where the element ends."""
        depth, position = 1, opened.end()
        while tag := _TAG.search(self._html, position):
            position = tag.end()
            if tag[2] == opened[2]:
                depth += -1 if tag[1] else 1
                if not depth:
                    return self._html[opened.end() : tag.start()], position
        return self._html[opened.end() :], len(self._html)


_SPECIAL = {
    "a": _Writer._anchor,
    "embed": _Writer._embed,
    "iframe": _Writer._frame,
    "img": _Writer._image,
    "math": _Writer._formula,
    "object": _Writer._embed,
    "source": _Writer._source,
    "svg": _Writer._drawing,
    "title": _Writer._title,
}


def _said(attributes: str) -> dict[str, str]:
    said = dict(_ATTRIBUTE.findall(attributes))
    return {name: unescape(value) for name, value in said.items()} if "&" in attributes else said


def _escaped(text: str) -> str:
    """Write the value of an attribute as nh3 does."""
    return escape(text, quote=False).replace('"', "&quot;").replace("\u00a0", "&nbsp;")
