"""What the dates of a document tell about each other."""

from datetime import UTC, datetime

import pytest

from aggregator.dates import learn, read_date
from aggregator.dates.days import Order

APRIL = datetime(2023, 4, 3, tzinfo=UTC)
MARCH = datetime(2023, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        (["14/03/2023"], APRIL),
        (["03/14/2023"], MARCH),
        (["05/06/2023", "14/03/2023", "07/08/2023"], APRIL),
        (["14-03-2023 10:00"], APRIL),
        (["14/03/23"], APRIL),
        (["Mon, 01/05/2023"], APRIL),  # 1 May 2023 is a Monday, 5 January a Thursday
        (["14.03.2023"], APRIL),
        # nothing that proves anything
        ([], None),
        (["04/03/2023", "05/03/2023", "06/03/2023"], None),  # in order, day first: no proof
        (["Wed, 01/05/2023"], None),  # neither is a Wednesday
        (["2023-03-14T00:00:00Z", "2023/03/14"], None),
        (["Tue, 14 Mar 2023 10:00:00 GMT", "14 Mar 2023"], None),
        (["nonsense", "", "x" * 1000], None),
        # proofs against each other
        (["14/03/2023", "03/14/2023"], None),
    ],
)
def test_other_dates_decide_between_day_first_and_month_first(
    others: list[str], expected: datetime | None
) -> None:
    texts = ["03/04/2023", *others]
    for order in (texts, texts[::-1]):
        reading = read_date("03/04/2023", habit=learn(order))
        assert reading.at == expected
        assert reading.leans


def test_two_digits_of_year_are_learned_as_well() -> None:
    assert read_date("05.06.23", habit=learn(["05.06.23"])).at is None
    assert read_date("05.06.23", habit=learn(["05.06.23", "13.06.2023"])).at == datetime(
        2023, 6, 5, tzinfo=UTC
    )
    assert read_date("05-06-11", habit=learn(["05-06-11", "99-12-31"])).at == datetime(
        2005, 6, 11, tzinfo=UTC
    )


def test_dots_stand_for_day_first_unless_the_document_shows_otherwise() -> None:
    assert read_date("03.04.2023").at == APRIL
    assert read_date("03.04.2023", habit=learn(["03.04.2023", "03.14.2023"])).at == MARCH
    assert read_date("03.04.2023", habit=learn(["03.14.2023", "14.03.2023"])).at is None


def test_a_weekday_of_its_own_is_stronger_than_the_habit() -> None:
    habit = learn(["14/03/2023"])
    assert read_date("Sat, 03/04/2023", habit=habit).at == MARCH
    assert read_date("Fri, 03/04/2023", habit=habit).at == APRIL  # neither is a Friday: as the others


def test_the_words_of_other_dates_decide_between_languages() -> None:
    november, october = datetime(2023, 11, 14, tzinfo=UTC), datetime(2023, 10, 14, tzinfo=UTC)
    text = "14 listopada 2023"
    assert read_date(text, habit=learn([text, "3 grudnia 2023"])).at == november
    assert read_date(text, habit=learn([text, "3. prosinca 2023"])).at == october
    assert read_date(text, habit=learn([text])).at is None
    assert read_date(text, habit=learn([text, "3 grudnia 2023", "3. prosinca 2023"])).at is None


def test_formats_of_the_source_are_stronger_than_all_others() -> None:
    habit = learn(["14/03/2023"])
    assert read_date("03/04/2023", formats=["%m/%d/%Y"], habit=habit).at == MARCH


@pytest.mark.parametrize(
    "text", ["2023-03-04", "14/03/2023", "Mon, 03/04/2023", "4 Mar 2023", "Sat, 04 Mar 2023 00:00:00 GMT"]
)
def test_a_plain_date_leans_on_no_other(text: str) -> None:
    assert not read_date(text).leans
    assert read_date(text, habit=learn(["03/14/2023"])).at == read_date(text, habit=learn(["14/03/2023"])).at


def test_what_is_learned_can_be_told() -> None:
    assert learn(["2023-03-14"]).orders is None
    assert learn(["03/04/2023"]).orders == frozenset({Order.DAY_FIRST, Order.MONTH_FIRST})
    assert learn(["03/04/2023", "14/04/2023"]).orders == frozenset({Order.DAY_FIRST})
    assert learn(["04/14/2023", "14/04/2023"]).orders == frozenset()
