"""One text under many headlines is none of them: paywalls, show notes, states of a service; in many scripts."""

import pytest

from aggregator.model import Entry
from tests.dedup.desk import Desk
from tests.dedup.test_near import HOUR, are_one, told
from tests.things import NOON

STUBS = {
    "en": (
        "This article is for subscribers only. Please log in or choose one of our offers to read on. From one crown in"
        " the first month, cancel any time, with access to all articles, the app and the puzzle page.",
        [
            "Council votes to close the fish market",
            "Storm takes the roof off the old school",
            "Why the ferry is late again this winter",
            "A visit to the last basket weaver",
        ],
    ),
    "de": (
        "Dieser Artikel ist nur für Abonnenten verfügbar. Bitte melden Sie sich an oder wählen Sie eines unserer"
        " Angebote, um weiterzulesen. Ab einer Krone im ersten Monat, jederzeit kündbar, mit Zugang zu allen Artikeln.",
        [
            "Rat beschließt das Ende des Fischmarkts",
            "Sturm deckt das Dach der alten Schule ab",
            "Warum die Fähre im Winter wieder zu spät kommt",
            "Besuch beim letzten Korbflechter",
        ],
    ),
    "ru": (
        "Эта статья доступна только подписчикам. Войдите или выберите одно из наших предложений, чтобы читать дальше."
        " От одной кроны в первый месяц, отмена в любое время, доступ ко всем статьям и приложению.",
        [
            "Совет решил закрыть рыбный рынок",
            "Шторм сорвал крышу старой школы",
            "Почему паром зимой снова опаздывает",
            "В гостях у последнего корзинщика",
        ],
    ),
    "zh": (
        "本文仅供订阅用户阅读。请登录或选择我们的订阅方案以继续阅读。首月仅需一克朗，可随时取消，可阅读全部文章、应用程序"
        "以及填字游戏页面，感谢您的支持。",
        ["议会投票决定关闭鱼市场", "暴风掀翻老学校屋顶", "渡轮今年冬天为何又晚点", "探访最后一位编筐匠人"],
    ),
    "ja": (
        "この記事は会員限定です。続きを読むにはログインするか、いずれかのプランをお選びください。初月は一クローネから、いつでも"
        "解約でき、すべての記事とアプリをご利用いただけます。",
        [
            "市議会、魚市場の閉鎖を決定",
            "嵐で旧校舎の屋根が飛ぶ",
            "フェリーがこの冬も遅れる理由",
            "最後の籠職人を訪ねて",
        ],
    ),
    "th": (
        "บทความนี้สำหรับสมาชิกเท่านั้น กรุณาเข้าสู่ระบบหรือเลือกข้อเสนอของเราเพื่ออ่านต่อ เริ่มต้นหนึ่งโครนในเดือนแรก"
        " ยกเลิกได้ทุกเมื่อ เข้าถึงบทความทั้งหมด",
        ["สภาลงมติปิดตลาดปลา", "พายุพัดหลังคาโรงเรียนเก่า", "ทำไมเรือข้ามฟากจึงล่าช้าอีก", "เยี่ยมช่างสานตะกร้าคนสุดท้าย"],
    ),
    "ar": (
        "هذه المقالة متاحة للمشتركين فقط يرجى تسجيل الدخول أو اختيار أحد عروضنا لمتابعة القراءة ابتداء من كرونة واحدة"
        " في الشهر الأول مع إمكانية الإلغاء في أي وقت والوصول إلى جميع المقالات والتطبيق",
        [
            "المجلس يقرر إغلاق سوق السمك",
            "العاصفة تقتلع سقف المدرسة القديمة",
            "لماذا تتأخر العبارة هذا الشتاء",
            "زيارة إلى آخر صانع سلال",
        ],
    ),
}
languages = pytest.mark.parametrize("language", STUBS)


def stories(*entries: Entry) -> int:
    """How many these are, polled one by one."""
    desk = Desk("alfa", "bravo", "carol", "delta")
    for one in entries:
        desk.take(one, at=max(NOON, one.published_at or NOON))
        desk.store.settle()
    return len(desk.stories())


def stubs(language: str, shape: str = "{stub}", sources: str = "alfa", **more: str) -> list[Entry]:
    stub, titles = STUBS[language]
    names = (sources.split() * len(titles))[: len(titles)]
    return [
        told(name, title, shape.format(title=title, stub=stub), str(n), **more)
        for n, (name, title) in enumerate(zip(names, titles, strict=True))
    ]


@languages
@pytest.mark.parametrize("shape", ["{stub}", "{title}. {stub}"])
def test_a_paywall_is_no_article_however_few_entries_show_it(language: str, shape: str) -> None:
    """Of five entries nobody can learn what a source says everywhere."""
    assert stories(*stubs(language, shape)) == 4


@languages
def test_a_publishing_house_shows_one_paywall_in_all_its_papers(language: str) -> None:
    assert stories(*stubs(language, sources="alfa bravo carol delta")) == 4


@languages
@pytest.mark.parametrize("shape", ["", "{stub}", "{title}! {stub}"])
def test_one_address_for_everything_makes_nothing_one(language: str, shape: str) -> None:
    assert stories(*stubs(language, shape, url="https://alfa.example/page")) == 4


@pytest.mark.parametrize(
    ("titles", "text"),
    [
        (
            ("API errors in region north", "Delayed mail delivery", "Login page unavailable"),
            "We are investigating reports of increased error rates. Some customers may see delays. We will post an"
            " update as soon as we know more and apologise for the trouble this causes.",
        ),
        (
            ("Senior welder", "Junior welder", "Welder, night shift"),
            "A great opportunity in a growing team. Competitive pay, flexible hours and thirty days of leave. Apply"
            " online with your documents before the end of the month and we shall be in touch.",
        ),
    ],
)
def test_a_source_that_says_the_same_of_other_things(titles: tuple[str, ...], text: str) -> None:
    assert stories(*(told("alfa", title, text, str(n)) for n, title in enumerate(titles))) == len(titles)


@pytest.mark.parametrize("language", ["de", "ru", "zh", "th", "ar"])
def test_entries_without_headlines_are_told_apart_by_how_they_begin(language: str) -> None:
    stub, titles = STUBS[language]
    assert stories(*(told("alfa", "", f"{title}. {stub}", str(n)) for n, title in enumerate(titles))) == 4


def test_a_headline_rewritten_by_its_own_source_tells_the_same_story() -> None:
    text = (
        "The exchange in Tarnmouth will submit a contract for bond futures to the commission next week, its chairman"
        " said. Trading could begin before the summer, and banks have asked for it since last year."
    )
    first = told("alfa", "Tarnmouth exchange to submit bond futures", text)
    assert are_one(first, told("alfa", "Bond futures: exchange asks commission", text, "2"))
    assert are_one(first, told("alfa", "Tarnmouth exchange submits bond futures", text, "2"))


def test_what_a_source_says_again_another_day_at_another_place_is_another_issue() -> None:
    """But a longer text is sent again."""
    short = (
        "Play the crossword on our web site or in the app, with new clues every day and a prize every week."
    )
    more = " Ada Marlowe of Westhaven has won it three times and says that the trick is to begin at the end, in pencil."
    for text, issues in ((short, 2), (short + more, 1)):
        days = [
            told("alfa", "Daily crossword", text, str(n), published_at=NOON + n * 24 * HOUR) for n in range(2)
        ]
        assert stories(*days) == issues


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("harbour", "harbor", True),
        ("centre", "center", True),
        ("programme", "program", True),
        ("organisation", "organization", True),
        ("stcok", "stock", True),
        ("Iran", "Iraq", False),
        ("Austria", "Australia", False),
        ("Slovakia", "Slovenia", False),
        ("Northgate", "Southgate", False),
        ("million", "billion", False),
        ("increase", "decrease", False),
    ],
)
def test_a_word_spelt_otherwise_is_the_same_and_one_that_looks_like_it_is_not(
    one: str, other: str, is_one: bool
) -> None:
    text = "The office said on Monday that the {} was discussed at length and that nothing else had changed since."
    first, second = told("alfa", "Notes", text.format(one)), told("bravo", "Notes", text.format(other))
    assert are_one(first, second) == is_one


def test_one_name_exchanged_in_a_text_of_some_length_is_another_entry() -> None:
    text = (
        "{} School will be closed on Monday because of a burst pipe, the council said. Parents are asked to keep their"
        " children at home, and those who cannot may bring them to the sports hall, where staff will look after them"
        " until four in the afternoon. Buses will not run, and the meals service is suspended until further notice."
        " Plumbers have been at work since dawn. The council will say on Monday afternoon when lessons can start again."
        " The head teacher said that she was sorry for the trouble and thanked parents for their patience. The pipe was"
        " due to be replaced in the summer together with the windows of the old building."
    )
    first, second = (text.format(name) for name in ("Larkfield", "Eastgate"))
    assert not are_one(told("alfa", "School closed", first), told("bravo", "School closed", second))
