"""Words in dates: months, weekdays, halves of the day, zones, in the languages feeds are written in.

One row per language, one column per month (January first) or weekday (Monday first), forms that
mean the same parted by `|`. All words are compared as `folded`: without case and accents.
"""

import unicodedata
from collections.abc import Iterator
from datetime import timedelta

MONTHS = {
    "en": "january|jan february|feb march|mar april|apr may june|jun july|jul august|aug"
    " september|sept|sep october|oct november|nov december|dec",
    "de": "januar|jänner|jän februar|feber märz|mär|mrz|maerz april mai juni juli august"
    " september oktober|okt november dezember|dez",
    "fr": "janvier|janv février|févr|fév mars avril|avr mai juin juillet|juil août|aoû"
    " septembre octobre novembre décembre|déc",
    "es": "enero|ene febrero marzo abril|abr mayo junio julio agosto|ago"
    " septiembre|setiembre|set octubre noviembre diciembre|dic",
    "it": "gennaio|gen febbraio|febbr marzo aprile maggio|mag|magg giugno|giu luglio|lug agosto"
    " settembre|sett ottobre|ott novembre dicembre",
    "pt": "janeiro fevereiro|fev março abril maio junho julho agosto setembro outubro|out novembro dezembro",
    "nl": "januari februari maart|mrt april mei juni juli augustus september oktober november december",
    "pl": "styczeń|stycznia|sty luty|lutego|lut marzec|marca kwiecień|kwietnia|kwi maj|maja"
    " czerwiec|czerwca|cze lipiec|lipca|lip sierpień|sierpnia|sie wrzesień|września|wrz"
    " październik|października|paź listopad|listopada|lis grudzień|grudnia|gru",
    "cs": "leden|ledna|led únor|února|úno březen|března|bře duben|dubna|dub květen|května|kvě|kvt"
    " červen|června|čvn červenec|července|čvc srpen|srpna|srp září|zář říjen|října|říj"
    " listopad|listopadu prosinec|prosince|pro",
    "ru": "январь|января|янв февраль|февраля|фев|февр март|марта|мар апрель|апреля|апр май|мая"
    " июнь|июня|июн июль|июля|июл август|августа|авг сентябрь|сентября|сен|сент"
    " октябрь|октября|окт ноябрь|ноября|ноя|нояб декабрь|декабря|дек",
    "uk": "січень|січня|січ лютий|лютого|лют березень|березня|бер квітень|квітня|квіт|кві"
    " травень|травня|трав|тра червень|червня|черв|чер липень|липня|лип серпень|серпня|серп|сер"
    " вересень|вересня|вер жовтень|жовтня|жовт|жов листопад|листопада|лист|лис грудень|грудня|груд|гру",
    "be": "студзень|студзеня|сту|студ люты|лютага сакавік|сакавіка|сак красавік|красавіка|кра|крас"
    " травень|траўня|май|мая чэрвень|чэрвеня|чэр|чэрв ліпень|ліпеня|ліп жнівень|жніўня|жні|жнів"
    " верасень|верасня|вер кастрычнік|кастрычніка|кас|каст лістапад|лістапада|ліс|ліст"
    " снежань|снежня|сне|снеж",
    "tr": "ocak|oca şubat|şub mart nisan|nis mayıs|may haziran|haz temmuz|tem ağustos|ağu eylül|eyl"
    " ekim|eki kasım|kas aralık|ara",
    "el": "ιανουάριος|ιανουαρίου|ιαν φεβρουάριος|φεβρουαρίου|φεβ μάρτιος|μαρτίου|μάρ|μάρτ"
    " απρίλιος|απριλίου|απρ μάιος|μαΐου|μάι|μαι ιούνιος|ιουνίου|ιούν ιούλιος|ιουλίου|ιούλ"
    " αύγουστος|αυγούστου|αύγ σεπτέμβριος|σεπτεμβρίου|σεπ|σεπτ οκτώβριος|οκτωβρίου|οκτ"
    " νοέμβριος|νοεμβρίου|νοέ δεκέμβριος|δεκεμβρίου|δεκ",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "hu": "január február|febr március|márc április|ápr május|máj június|jún július|júl augusztus"
    " szeptember|szept október november december",
    "ro": "ianuarie|ian februarie martie aprilie mai iunie|iun iulie|iul august septembrie"
    " octombrie noiembrie|noi decembrie",
    "ar": "يناير|كانون_الثاني|جانفي فبراير|شباط|فيفري مارس|آذار أبريل|إبريل|نيسان|أفريل مايو|أيار|ماي"
    " يونيو|يونيه|حزيران|جوان يوليو|يوليه|تموز|جويلية أغسطس|آب|أوت سبتمبر|أيلول"
    " أكتوبر|تشرين_الأول نوفمبر|تشرين_الثاني ديسمبر|كانون_الأول",
}  # Chinese, Japanese and Korean count their months: see the shapes

WEEKDAYS = {
    "en": "monday|mon tuesday|tues|tue wednesday|wed thursday|thurs|thur|thu friday|fri"
    " saturday|sat sunday|sun",
    "de": "montag|mo dienstag|di mittwoch|mi donnerstag|do freitag|fr samstag|sonnabend|sa sonntag|so",
    "fr": "lundi|lun mardi|mar mercredi|mer jeudi|jeu vendredi|ven samedi|sam dimanche|dim",
    "es": "lunes martes miércoles|mié jueves|jue viernes|vie sábado|sáb domingo|dom",
    "it": "lunedì martedì mercoledì giovedì|gio venerdì sabato domenica",
    "pt": "segunda-feira|segunda|seg terça-feira|terça|ter quarta-feira|quarta|qua quinta-feira|quinta|qui"
    " sexta-feira|sexta|sex sábado domingo",
    "nl": "maandag|ma dinsdag woensdag|wo donderdag vrijdag|vr zaterdag|za zondag|zo",
    "pl": "poniedziałek|pon|pn wtorek|wt|wto środa|śr|śro czwartek|czw piątek|pt|pią sobota|sob|sb"
    " niedziela|nie|niedz|ndz|nd",
    "cs": "pondělí|po úterý|út středa|st čtvrtek|čt pátek|pá sobota|so neděle|ne",
    "ru": "понедельник|пн вторник|вт среда|ср четверг|чт пятница|пт суббота|сб воскресенье|вс",
    "uk": "понеділок вівторок середа четвер пятниця субота неділя|нд",
    "be": "панядзелак аўторак|аў серада чацвер|чц пятніца субота|сбт нядзеля",
    "tr": "pazartesi|pzt|pt salı|sal çarşamba|çar|çrş perşembe|per|prş cuma|cum cumartesi|cmt|cts pazar|paz",
    "el": "δευτέρα|δευ|δε τρίτη|τρί|τρ τετάρτη|τετ|τε πέμπτη|πέμ|πε παρασκευή|παρ|πα σάββατο|σάβ|σα"
    " κυριακή|κυρ|κυ",
    "sv": "måndag|mån tisdag|tis|tisd onsdag|ons torsdag|tors|tor fredag|fre lördag|lör söndag|sön",
    "hu": "hétfő|hét kedd szerda|sze csütörtök|csüt|csü péntek|pén szombat|szo vasárnap|vas",
    "ro": "luni marți|marţi miercuri|mie joi vineri|vin sâmbătă|sâm duminică|dum",
    "ar": "الاثنين|الإثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد",
    "ja": "月曜日|月曜|月 火曜日|火曜|火 水曜日|水曜|水 木曜日|木曜|木"
    " 金曜日|金曜|金 土曜日|土曜|土 日曜日|日曜|日",
    "zh": "星期一|周一|週一 星期二|周二|週二 星期三|周三|週三 星期四|周四|週四 星期五|周五|週五"
    " 星期六|周六|週六 星期日|星期天|周日|週日|周天",
    "ko": "월요일|월 화요일|화 수요일|수 목요일|목 금요일|금 토요일|토 일요일|일",
}

MERIDIEMS = {
    "am": "am 오전 上午 午前 πμ öö ص",
    "pm": "pm 오후 下午 午後 μμ ös م",
}

# Said around a date without changing it.
FILLERS = (
    "at on of the um uhr den de del dell el la le les à a às as alle ore ora il em do dne dnia o godz r roku"
    " kl klo en og saat στις ώρα feira г года год в у о р року рік ў ад h hrs év"
)
# Only right behind a number: 1st, 1er, 14-го, 14η.
ORDINALS = "st nd rd th er ère e ème o a º ª го й ое е η ης"

# Hours from UTC, or hours:minutes. The North American ones as RFC 822 §5.1 has them.
ZONES = {
    name: timedelta(minutes=minutes)
    for minutes, names in {
        0: "gmt ut utc z wet etc/gmt etc/utc",
        60: "cet met mez bst west wat",
        120: "cest mest mesz eet sast cat",
        180: "eest msk мск trt eat idt",
        210: "irst",
        240: "msd samt",
        300: "pkt uzt yekt",
        345: "npt",
        360: "omst",
        420: "wib novt krat",
        480: "hkt sgt awst wita irkt",
        540: "jst kst wit yakt",
        570: "acst",
        600: "aest vlat",
        630: "acdt",
        660: "aedt magt",
        720: "nzst pett",
        780: "nzdt",
        -150: "ndt",
        -180: "brt art adt",
        -210: "nst",
        -240: "edt",
        -300: "est cdt",
        -360: "cst mdt",
        -420: "mst pdt",
        -480: "pst akdt",
        -540: "akst",
        -600: "hst",
    }.items()
    for name in names.split()
}
# "Eastern time", whichever of the two applies on that day.
REGIONS = {
    "at": "America/Halifax",
    "et": "America/New_York",
    "ct": "America/Chicago",
    "mt": "America/Denver",
    "pt": "America/Los_Angeles",
}
# Two countries or more use the name, and no RFC decides.
AMBIGUOUS_ZONES = frozenset({"amt", "ast", "cot", "ect", "gst", "ist", "local", "lt", "pht", "sst", "wst"})


def folded(text: str) -> str:
    """Return `text` as words are compared: no case, no accents, compatibility forms resolved."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("ı", "i"))
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return unicodedata.normalize("NFC", bare)


def numbered(rows: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Yield every form of a table with the number of its column, from 1."""
    for row in rows.values():
        for number, forms in enumerate(row.split(), 1):
            for form in forms.split("|"):
                yield folded(form), number


MONTH_NUMBERS = dict(numbered(MONTHS))
MONTHS_OF_TWO_WORDS = tuple(form for form in MONTH_NUMBERS if "_" in form)
WEEKDAY_WORDS = frozenset(form for form, _ in numbered(WEEKDAYS))  # which one does not matter: dates win
MERIDIEM_HALVES = {folded(word): half for half, row in MERIDIEMS.items() for word in row.split()}
FILLER_WORDS = frozenset(map(folded, FILLERS.split()))
ORDINAL_SUFFIXES = frozenset(map(folded, ORDINALS.split()))
