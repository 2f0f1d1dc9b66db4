"""Words in dates that CLDR does not have, and that feeds write all the same.

Months (January is 1) and weekdays (Monday is 0) by language, `_` for a space within a name; compared as
`spelling.spelled` has them.
"""

# Languages most feeds are written in. What a word means in one of them is not put in doubt by what
# it means outside them, unless the feed says that it is written there.
_COMMON = (
    "af ar az be bg bn bs ca cs da de el en es et eu fa fi fil fr gl he hi hr hu hy id is it ja ka kk ko lt lv"
    " mk ms nb nl nn pl pt ro ru sk sl sq sr sv sw ta te th tr uk ur uz vi zh"
)
COMMON_LANGUAGES = frozenset(_COMMON.split())
ALIASES = {"in": "id", "iw": "he", "mo": "ro", "no": "nb", "sh": "sr", "tl": "fil"}  # older or wider tags

MONTHS = {
    "ar": {6: "يونيه", 7: "يوليه"},
    "be": {1: "студ стд", 4: "крас", 6: "чэрв", 8: "жнів", 10: "каст", 11: "ліст", 12: "снеж"},
    "cs": {5: "kvt"},
    "de": {2: "feber", 3: "mrz maerz"},
    "el": {3: "μάρτ", 9: "σεπτ"},
    "fr": {8: "aoû"},
    "it": {2: "febbr", 5: "magg", 9: "sett"},
    "ro": {11: "noi"},
    "ru": {2: "фев", 9: "сен", 11: "ноя"},
    "uk": {4: "кві", 5: "тра", 6: "чер", 8: "сер", 10: "жов", 11: "лис", 12: "гру"},
}
WEEKDAYS = {
    "be": {5: "сбт"},
    "de": {5: "sonnabend"},
    "el": {0: "δε", 1: "τρ", 2: "τε", 3: "πε", 4: "πα", 5: "σα", 6: "κυ"},
    "en": {1: "tues", 3: "thurs thur"},
    "hu": {0: "hét", 3: "csüt csü", 4: "pén", 6: "vas"},
    "ja": {0: "月曜", 1: "火曜", 2: "水曜", 3: "木曜", 4: "金曜", 5: "土曜", 6: "日曜"},
    "pl": {0: "pn", 1: "wto", 2: "śro", 4: "pią", 5: "sb", 6: "nie ndz nd"},
    "sv": {1: "tisd", 3: "tor"},
    "tr": {0: "pt", 2: "çrş", 3: "prş", 5: "cts"},
    "zh": {6: "星期天 周天"},
}
HALF_WORDS = {
    "am": "am 上午 午前 πμ öö ص صباحا 凌晨 早上 清晨 de_la_mañana da_manhã del_mattino du_matin",
    "pm": "pm 下午 午後 μμ ös م مساء 傍晚 de_la_tarde da_tarde del_pomeriggio de_l_après_midi",
    "unclear": "v_n v_noci",  # "at night" in Czech, before midnight or after; "v" alone is "at"
}

# Said around a date without changing it.
FILLERS = (
    "on at of the um uhr den der de del dell el la las le les à a às as alle ore ora il em do dne dnia dnu o"
    " godz godzina r roku kl klo klokken en og saat στις ώρα feira г года год гадзін гадзіне в у о об р року рік"
    " ў ад h hrs hours hour év sob ve lúc vào ngày tháng năm om à om v ob z pukul jam kello min"
    " الساعة يوم בשעה 号 號 日 일 년 年 시각 date published posted updated veröffentlicht"
)
# Only right behind a number: 1st, 1er, 14-го, 14η.
ORDINALS = "st nd rd th er ère e ème o a º ª го й ое е η ης ten n ste de d τη"
