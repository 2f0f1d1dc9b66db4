"""Words of any language are found however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Phrase
from aggregator.search import parse_query, searchable, words_of
from aggregator.search.searchable import finds
from tests.things import NOON


def found(query: str, text: str) -> bool:
    words = searchable(title="", text=text, authors=(), categories=(), url=None)
    return finds(parse_query(query), words, source_id="alfa", shown_at=NOON)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("arzte", "Ärzte streiken"),
        ("Ärzte", "die arzte"),
        ("STRASSE", "Straße gesperrt"),
        ("groß", "GROSS"),
        ("izmir", "İZMİR'de deprem"),
        ("ISPARTA", "ısparta"),
        ("Işık", "ISIK"),
        ("Erdogan", "Erdoğan"),
        ("Lodz", "Łódź"),
        ("Ostergard", "Østergård"),
        ("aether", "æther"),
        ("Dang", "Đặng"),
        ("елка", "Ёлка"),
        ("ещё", "еще"),
        ("озеро", "о\u0301зеро"),
        ("МОСКВА", "в Москва-Сити"),
        ("οδος", "ΟΔΟΣ"),
        ("Ελλαδα", "Ελλάδα"),
        ("محمد", "مُحَمَّد"),
        ("احمد", "أحمد"),
        ("کتاب", "كتاب"),
        ("שלום", "שָׁלוֹם"),
        ("हिन्दी", "हिन्दी समाचार।"),
        ("समाचार", "हिन्दी समाचार।"),
        ("தமிழ்", "தமிழ் செய்திகள்"),
        ("中国", "据中国人民银行宣布"),
        ("银", "据中国人民银行宣布"),
        ("人民银行", "据中国人民银行宣布"),
        ("東京", "今日の東京都知事"),
        ("ガラス", "ｶﾞﾗｽの家"),
        ("データ", "ビッグデータ・テスト"),
        ("ประเทศไทย", "การเมืองในประเทศไทยวันนี้"),
        ("ไทย", "การเมืองในประเทศไทยวันนี้"),
        ("대통령", "대통령은 오늘"),
        ("ခရီး", "မြန်မာခရီးသွား"),
        ("ខ្មែរ", "ភាសាខ្មែរថ្មី"),
        ("2568", "พ.ศ. ๒๕๖๘"),
        ("123", "۱۲۳"),
        ("ABC", "ＡＢＣ"),
        ("final", "ﬁnal"),
        ("Armenie", "l’Arménie"),
        ("don't", "I don’t know"),
        ("COVID-19", "Covid 19"),
        ("soft", "so\u00adft"),
        ('"中国 RMB"', "中国 RMB"),
        ('"RMB 中"', "RMB 中国"),
        ("𠀀", "𠀀𠀁"),
    ],
)
def test_what_is_found(query: str, text: str) -> None:
    assert found(query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("мой", "мои"),  # й is a letter of its own
        ("узбек", "ўзбек"),
        ("Mueller", "Müller"),  # ae, oe, ue are not guessed
        ("中人", "中国人民"),
        ("国中", "中国人"),
        ("cat", "category"),
        ("egory", "category"),
        ('"中国 RMB"', "中国人 RMB"),
        ('"b a"', "a b"),
    ],
)
def test_what_is_not_found(query: str, text: str) -> None:
    assert not found(query, text)


def test_words_hold_nothing_that_an_index_could_take_for_syntax() -> None:
    assert words_of('\ue000x \ue002 "a"* (b) -c:d\0e') == ["x", "a", "b", "c", "d", "e"]


@given(st.text(max_size=200))
def test_words_of_any_text_are_stable_and_plain(text: str) -> None:
    for one in words_of(text):
        assert one.strip() == one != ""
        assert not set(one) & set('"*():-^\n\ue000\ue001\ue002\ue003')
        query = parse_query(f'"{one}"')
        assert isinstance(query, Phrase)
