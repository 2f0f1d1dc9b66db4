"""The words before the date of publication, as pages and texts of many languages have them."""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from aggregator.dates import comparable

# By language: labels, and the words that may stand between one and a date.
_LABELS = {
    "en": ("posted|published|publication date|date published|date posted|date of publication", "on|at"),
    "de": ("veröffentlicht|publiziert|erschienen|gepostet|eingestellt|veröffentlichungsdatum", "am"),
    "fr": ("publié|publiée|posté|postée|paru|parue|mis en ligne|mise en ligne|date de publication", "le"),
    "es": ("publicado|publicada|fecha de publicación|publicado en la fecha", "el"),
    "it": ("pubblicato|pubblicata|postato|data di pubblicazione", "il|in data"),
    "pt": ("publicado|publicada|postado|data de publicação|data da publicação", "em"),
    "nl": ("gepubliceerd|geplaatst|gepost|publicatiedatum|datum van publicatie", "op"),
    "pl": ("opublikowano|opublikowany|opublikowana|zamieszczono|dodano|data publikacji", "dnia|w dniu"),
    "cs": ("publikováno|zveřejněno|vydáno|vloženo|datum publikace|datum vydání|datum zveřejnění", "dne"),
    "ru": ("опубликовано|опубликован|опубликована|размещено|дата публикации|дата размещения", "в"),
    "uk": ("опубліковано|оприлюднено|розміщено|дата публікації|дата оприлюднення", "о"),
    "be": ("апублікавана|апублікаваны|размешчана|дата публікацыі|дата апублікавання", "у|а"),
    "tr": ("yayınlandı|yayımlandı|yayınlanma tarihi|yayımlanma tarihi|yayın tarihi|gönderildi", ""),
    "el": ("δημοσιεύτηκε|δημοσιεύθηκε|αναρτήθηκε|δημοσίευση|ημερομηνία δημοσίευσης", "στις|την"),
    "sv": ("publicerad|publicerat|publicerades|postat|postad|upplagd|publiceringsdatum", "den"),
    "hu": ("közzétéve|közzétették|megjelent|publikálva|közzététel dátuma|megjelenés dátuma", ""),
    "ro": (
        "publicat|publicată|postat|data publicării|data publicarii",
        "pe|la|în|la data de|pe data de|în data de",
    ),
    "ja": ("投稿日|投稿日時|公開日|公開日時|掲載日|掲載日時|発表日|発行日|配信日時|投稿|公開", ""),
    "zh": (
        "发布时间|发布日期|发表时间|发表日期|发布于|发表于|发布|发表"
        "|發佈時間|發布時間|發佈日期|發布日期|發表時間|發表日期|發佈於|發布於|發表於|發佈|發布|發表",
        "",
    ),
    "ko": ("게시일|게시일시|게시됨|게시|작성일|작성일시|등록일|등록일시|발행일|기사입력|입력", ""),
    "ar": ("نشر|نشرت|تم النشر|تم نشره|تاريخ النشر", "في|بتاريخ|يوم"),
}


def _labels() -> Iterator[tuple[str, str]]:
    for language, (labels, behind) in _LABELS.items():
        for label in labels.split("|"):
            yield comparable(label), language
            for word in filter(None, behind.split("|")):
                yield comparable(f"{label} {word}"), language


_LANGUAGES: dict[str, set[str]] = {}
for _label, _language in _labels():
    _LANGUAGES.setdefault(_label, set()).add(_language)
MOST_WORDS = max(label.count(" ") + 1 for label in _LANGUAGES)

START_LETTERS = 3  # of ASCII, that tell nearly every text from a label
_STARTS = frozenset(label[:START_LETTERS] for label in _LANGUAGES)
_INITIALS = frozenset(unicodedata.normalize("NFKD", label)[0] for label in _LANGUAGES)


def languages_of(text: str) -> frozenset[str]:
    """Return the languages in which `text` is such a label; none when it is no label."""
    return frozenset(_LANGUAGES.get(comparable(text), ()))


@lru_cache(maxsize=1024)
def may_begin(start: str) -> bool:
    """Tell whether a label may begin with `start`: one character, or `START_LETTERS` letters of ASCII."""
    if len(start) == START_LETTERS:
        return start.lower() in _STARTS
    first = unicodedata.normalize("NFKD", comparable(start))[:1]
    return not first or first in _INITIALS  # what is ignored in comparing may stand before any
