"""Bytes to text, by what the bytes are; labels are asked only where the bytes leave a choice.

Publishers' labels are wrong in every way there is: a web server's default, a template's declaration that nobody
changed, UTF-16 that a database wrote and a proxy made UTF-8 of. UTF-8 and UTF-16 are recognised with certainty, so
that order is: byte order mark, UTF-16 and UTF-32 by their zeros, UTF-8, the labels, a guess.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from charset_normalizer import from_bytes

MOST_BROKEN = 0.01  # share of characters that may be unreadable in what a label says
_SAMPLE = 1_000  # bytes that tell UTF-16 by its zeros, and that a declaration stands within
_GUESSED = 50_000  # bytes that a guess is made from
_FOREIGN = 0.25  # share of letters beyond ASCII from which on a text is not in Latin script
_FEWEST_ZEROS = 4  # on the same side, so that they are no strays in a text of bytes
_PROOF = 3  # different characters that must turn up for a text to have been encoded twice

_BOMS = (  # UTF-32 first: the mark of UTF-16 is the beginning of its own
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:+-]+)", re.IGNORECASE)
_DECLARED = re.compile(  # by an XML declaration, or by a page
    rb"(?:<\?xml[^>]*?encoding\s*=\s*[\"']|<meta\b[^<>]*?charset\s*=\s*[\"']?)\s*([\w.:+-]+)", re.IGNORECASE
)
_FIRST = re.compile(
    rb"(?P<utf_32_le>(?:[ \t\r\n]\0\0\0)*[<{]\0\0\0)|(?P<utf_32_be>(?:\0\0\0[ \t\r\n])*\0\0\0[<{])"
    rb"|(?P<utf_16_le>(?:[ \t\r\n]\0)*[<{]\0)|(?P<utf_16_be>(?:\0[ \t\r\n])*\0[<{])"
)
_TAG = re.compile(rb"<[^<>]*>")
_LETTERS = re.compile(rb"[A-Za-z]")
_BEYOND = re.compile(rb"[\x80-\xff]")

# What is meant by a label is more than it says (https://encoding.spec.whatwg.org/#names-and-labels).
_MEANT = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_UNICODE = ("utf", "u8", "u16", "u32")
_SEVEN_BITS = ("iso2022", "hz")  # text in them looks like ASCII
_GUESSES = [
    "cp1251", "koi8_r", "gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "cp1253", "cp1255", "cp1256", "cp874",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decoded:
    text: str
    problem: str | None = None
    utf8: bytes | None = None  # the text, where it came in UTF-8


def decode(body: bytes, content_type: str = "") -> Decoded:
    """Return the text of a document; never raises. A wrong label is no problem once the text is read."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return _certain(body[len(mark) :], encoding)
    wide = _by_zeros(body[:_SAMPLE])
    if wide is not None:
        return _certain(body, wide)
    labels = tuple(_labels(body, content_type))
    if body.isascii():
        stateful = next((label for label in labels if label.startswith(_SEVEN_BITS)), "ascii")
        return Decoded(body.decode(stateful, errors="replace"))
    try:
        return _once(body)
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return Decoded(_once(body[: error.start]).text, "the document ends within a character")
    return _labelled(body, labels) or _mixed(body) or _guessed(body)


def once(text: str) -> str:
    """Undo an encoding that was done twice, where that is certain; return any other text as it is.

    It is when every character beyond ASCII, taken for the byte that windows-1252 or Latin-1 writes it as,
    belongs to a character of UTF-8, and at least `_PROOF` different ones come of it: no language is written so.
    """
    try:
        read = b"".join(map(_byte, text)).decode()
    except UnicodeError:
        return text
    return read if len({one for one in read if ord(one) > 0x7F}) >= _PROOF else text


_SINGLE = {bytes([n]).decode("cp1252", errors="ignore"): bytes([n]) for n in range(0x80, 0xA0)}
# The first byte of a sequence of UTF-8 as it looks in windows-1252, U+00C2 to U+00F4, with ASCII behind it.
_LONE_LEAD = re.compile(rb"\xc3[\x82-\xb4](?![\x80-\xff])")
_LEAD = re.compile(rb"\xc3[\x82-\xb4]")


def _once(body: bytes) -> Decoded:
    """Decode UTF-8 once, or twice; cheaply rule out nearly everything first."""
    text = body.decode()
    may_be_twice = _LEAD.search(body) is not None and _LONE_LEAD.search(body) is None
    read = once(text) if may_be_twice else text
    return Decoded(read, utf8=body if read is text else None)


def _byte(character: str) -> bytes:
    """Return the byte a character of windows-1252 is written as; UnicodeEncodeError for others."""
    return _SINGLE.get(character) or character.encode("latin-1")


def _certain(body: bytes, encoding: str) -> Decoded:
    try:
        return Decoded(body.decode(encoding))
    except UnicodeDecodeError:
        if encoding == "utf-8":
            return _mixed(body) or Decoded(body.decode(errors="replace"), _broken("utf-8"))
        return Decoded(body.decode(encoding, errors="ignore"), _broken(encoding))


def _broken(encoding: str) -> str:
    return f"some bytes are no {encoding}"


def _by_zeros(start: bytes) -> str | None:
    """Tell UTF-16 and UTF-32 without a mark by their first character, which is ASCII in every document.

    Where something else stands before it, by where the zeros are: markup is ASCII, every other byte
    or three of four are zero.
    """
    first = _FIRST.match(start)
    if first is not None:
        return str(first.lastgroup).replace("_", "-")
    whole = len(start) // 4 * 4
    if whole < 8:
        return None
    if start[:whole].count(0) * 3 < whole:
        return _by_blanks(start[:whole])
    zero = [start[n:whole:4].count(0) * 5 > whole for n in range(4)]  # more than 4 of 5 in that place
    return {
        (True, True, True, False): "utf-32-be",
        (False, True, True, True): "utf-32-le",
        (True, False, True, False): "utf-16-be",
        (False, True, False, True): "utf-16-le",
    }.get((zero[0], zero[1], zero[2], zero[3]))


def _by_blanks(start: bytes) -> str | None:
    """Tell UTF-16 in which ASCII is rare by its blanks and digits: their zeros stand all on the same side."""
    first, second = start[::2].count(0), start[1::2].count(0)
    if min(first, second) > 0 or max(first, second) < max(_FEWEST_ZEROS, len(start) // 40):
        return None
    return "utf-16-be" if first else "utf-16-le"


def _labels(body: bytes, content_type: str) -> Iterator[str]:
    """Yield Python's names of the encodings a document is labelled with, the most credible first.

    The server is to be believed before the document (RFC 7303 §3), but not in Latin-1: that is what
    web servers say of files they know nothing of.
    """
    sent = _CHARSET.search(content_type)
    declared = _DECLARED.search(body[:_SAMPLE])
    names = [sent[1]] if sent else []
    if declared:
        names.append(declared[1].decode("ascii"))
    known = [name for label in names if (name := _known(label))]
    yield from sorted(dict.fromkeys(known), key="cp1252".__eq__)


def _known(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
        "".encode(name)  # base64 and the like are no encodings of text
    except (LookupError, ValueError):
        return None
    return _MEANT.get(name, name)


def _labelled(body: bytes, labels: Iterable[str]) -> Decoded | None:
    for label in labels:
        if label.startswith(_UNICODE):  # it is not, or that would have been seen
            continue
        text = body.decode(label, errors=_AS_WINDOWS if label == "cp1252" else "replace")
        broken = text.count("\ufffd")
        if broken <= MOST_BROKEN * len(text):
            return Decoded(text, _broken(label) if broken else None)
    return None


def _mixed(body: bytes) -> Decoded | None:
    """Read UTF-8 into which something else was pasted: most of what is beyond ASCII is UTF-8, the rest windows-1252."""
    strays = len(_BEYOND.findall(body.decode(errors="ignore").encode()))
    foreign = len(_BEYOND.findall(body)) - strays
    if foreign >= strays:
        return None
    return Decoded(
        body.decode(errors=_AS_WINDOWS), f"{foreign} bytes that are no utf-8 were read as windows-1252"
    )


def _guessed(body: bytes) -> Decoded:
    """Guess: windows-1252 for what is in Latin script, where statistics of a few letters lead nowhere."""
    shown = _TAG.sub(b" ", body[:_GUESSED])
    beyond, ascii_letters = len(_BEYOND.findall(shown)), len(_LETTERS.findall(shown))
    encoding = "cp1252"
    if beyond > _FOREIGN * (beyond + ascii_letters):
        best = from_bytes(shown, cp_isolation=_GUESSES).best()
        encoding = best.encoding if best else encoding
    text = body.decode(encoding, errors=_AS_WINDOWS if encoding == "cp1252" else "replace")
    return Decoded(text, f"the encoding was guessed: {encoding}")


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Error handler: what is unreadable is windows-1252, and where that has no character, the control it stands for."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    stray = error.object[error.start : error.end]
    return "".join(chr(n) if n in _UNUSED else bytes([n]).decode("cp1252") for n in stray), error.end


_UNUSED = frozenset({0x81, 0x8D, 0x8F, 0x90, 0x9D})
_AS_WINDOWS = "aggregator-windows-1252"
codecs.register_error(_AS_WINDOWS, _as_windows)
