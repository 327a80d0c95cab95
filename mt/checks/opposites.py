"""Does the target say the opposite of a word of the source: rose for fell, agreed for refused, legal for illegal?

For texts without a denial, which would turn everything round. A flag needs one of two opposites in the source alone and
the other in the target alone, so each has words that surely say it, and words that may: a side with any of these keeps
it. Of the 500 references that it was tried on none is flagged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mt.checks.cues import NOUN, Folded, arabic, english
from mt.document import Flag

_OPPOSITE = "The source says that somebody or something {} here (“{}”); the translation says “{}”, the opposite."
_NEGATED = "The source says “{}”: not {}; the translation does not seem to deny it. It may say the opposite."


@dataclass(frozen=True, slots=True)
class Sense:
    """A meaning, and in both languages what surely says it and what may."""

    meaning: str
    arabic: re.Pattern[str]
    english: re.Pattern[str]
    arabic_may: re.Pattern[str]
    english_may: re.Pattern[str]


def _sense(meaning: str, ours: str, theirs: str, ours_may: str, theirs_may: str) -> Sense:
    return Sense(
        meaning,
        arabic(ours),
        english(theirs),
        arabic(f"{ours} {ours_may}", clitics=NOUN),
        english(f"{theirs} {theirs_may}"),
    )


_OPPOSITES = (
    (
        _sense(
            "refused", "رفض رفضت رفضوا يرفض ترفض يرفضون", "refused refuses rejected rejects",
            "~رفض* رافض* مرفوض*", "refus* reject* declin* turn* oppos* dismiss* rebuff* resist* spurn*",
        ),
        _sense(
            "agreed", "وافق وافقت وافقوا يوافق توافق", "agreed agrees accepted accepts approved approves",
            "~وافق* موافق* ~قبل قبلت قبول* ~قبله ~قبلها ~تفق* اتفق* اتفاق* متفق* اقر اقرت ~قر صادق* ~صادق* "
            "~عتمد* اعتماد* مقبول*",
            "agree* accept* approv* consent* endors* ratif* authori* adopt* back*",
        ),
    ),
    (
        _sense(
            "failed", "فشل فشلت فشلوا يفشل تفشل اخفق اخفقت", "failed fails",
            "~فشل* ~خفق* اخفاق* فاشل* ~عجز* عاجز* ~تعثر* ~تعذر* ~رسب*", "fail* un* collaps* flop* defeat* end*",
        ),
        _sense(
            "succeeded", "نجح نجحت نجحوا ينجح تنجح", "succeeded succeeds",
            "~نجح* نجاح* ناجح* ~تمكن* ~ستطاع* ~خلف* خليف* ~تلا تلت", "succe* manag* able win* won",
        ),
    ),
    (
        _sense(
            "banned",
            "حظر حظرت يحظر تحظر منع منعت يمنع تمنع",
            "banned bans prohibited prohibits forbade prevented prevents",
            "~حظر* محظور* ~منع* ممنوع* مانع* ~حرم* ~حول*",
            "ban banning prohibit* forbid* prevent* stop* block* bar* outlaw* restrict* deter* keep* kept "
            "refus* hinder*",
        ),
        _sense(
            "allowed", "سمح سمحت سمحوا يسمح تسمح", "allowed allows permitted permits",
            "~سمح* سماح* مسموح* ~جيز* اجاز* ~تيح* اتاح* متاح* ~اذن* ~مكن* ~تمكن* امكان* ~رخص* ~خول*",
            "allow* permit* let lets letting authori* enabl* legal* able can could may",
        ),
    ),
    (
        _sense(
            "rose", "ارتفع ارتفعت يرتفع ترتفع ازداد ازدادت يزداد تزداد", "rose increased climbed soared grew",
            "~رتفع* ارتفاع* مرتفع* ~زداد* ازدياد زيادة زيادات ~زيد* ~زاد* زائد* ~صعد* صعود* ~تصاعد* نمو ~نمو "
            "نما ~قفز* ~علو "
            "اعلي رفع* ~رفع* ~نهض* ~كبر* ~تضاعف* ~تعاظم* ~تسع* ~تنام* ~كثر*",
            "ris* increas* climb* soar* jump* grow* up higher high more gain* surg* height* altitude* elevat* "
            "rais* worse* "
            "deep* widen* mount* doubl* escalat* tall* hik* over went reach* expan* intensif*",
        ),
        _sense(
            "fell",
            "انخفض انخفضت ينخفض تنخفض تراجع تراجعت يتراجع تتراجع هبط هبطت",
            "fell declined decreased dropped plunged",
            "~نخفض* انخفاض* منخفض* ~تراجع* ~هبط* هبوط* ~قل ~قلل* تقليل* اقل ~قلت ~تقلص* ~نقص* نقص* ~خفض* تخفيض* "
            "~سقط* سقوط* "
            "~تدن* متدن* ~وقع* ~ضعف* ~تهاو* ~تضاءل* ~نهار* انهيار* ~نزل* نزول* ~رفض* ~حدر* ~نحدر* ~تدهور* ~اسقط*",
            "fall* declin* decreas* drop* plung* shrank shrink* shrunk reduc* lower* down less cut* slump* retreat* "
            "step* back* lost lose* "
            "weak* fewer deterior* regress* reced* slow* landed crash* withdr* eas* slip* dip*",
        ),
    ),
    (
        _sense(
            "won", "فاز فازت فازوا يفوز تفوز", "won wins",
            "~فوز* فوز* فائز* ~تغلب* ~نتصر* انتصار* ~حرز* ~حصل* ~حصد* ~كسب* ~ربح* ~نال* ~ظفر* ~توج* ~هزم* ~تفوق*",
            "win winning winner* victor* beat* defeat* triumph* award* gain* champion* claim* took secur* earn* "
            "prevail*",
        ),
        _sense(
            "lost", "خسر خسرت خسروا يخسر تخسر", "lost loses",
            "~خسر* خسار* خاسر* ~هزم* هزيم* ~فقد* فقد* ~ضاع* ~ضيع* مفقود* ~ضل ~غلب* ~نهزم*",
            "los* defeat* beat* fell missing",
        ),
    ),
    (
        _sense(
            "was in favor", "ايد ايدت ايدوا يؤيد تؤيد", "supported supports backed backs",
            "~ؤيد* تاييد* مؤيد* ~دعم* داعم* ~ساند* ~ناصر*",
            "support* back* favo* endors* approv* help* agree* sustain* advoca*",
        ),
        _sense(
            "was against", "عارض عارضت عارضوا يعارض تعارض", "opposed opposes",
            "~عارض* معارض* ~ناهض* ضد ~رفض* ~خالف* ~تعارض* ~قاوم* ~عترض*",
            "oppos* against object* reject* resist* contra* dissent*",
        ),
    ),
    (
        _sense(
            "was arrested", "اعتقل اعتقلت اعتقلوا تعتقل", "arrested detained",
            "~عتقل* اعتقال* معتقل* ~حتجز* احتجاز* محتجز* ~وقف* توقيف* موقوف* ~قبض* ~سجن* سجن* سجين* ~سر* اسير",
            "arrest* deten* detain* custody imprison* jail* captur* held seiz* prison* caught nab* apprehend*",
        ),
        _sense(
            "was released", "افرج افرجت افرجوا تفرج", "released freed",
            "~فرج* افراج* مفرج* ~طلق* اطلاق* ~حرر* تحرير* سراح* ~صدر* اصدار* ~نشر* ~طرح* ~نبعث*",
            "releas* free* liberat* let",
        ),
    ),
)  # fmt: skip

# What «غير» denies, without its ending, and the English word that is left where it was lost.
_DENIABLE = tuple(
    (arabic("", rf"غير\s+(?:ال)?(?:{ours})\w*"), arabic("", rf"(?:{ours})\w*", clitics=NOUN), english(theirs))
    for ours, theirs in (
        ("قانوني|شرعي|مشروع|نظامي", "legal legally lawful lawfully legitimate legitimately"),
        ("دستوري", "constitutional"),
        ("ممكن|وارد", "possible"),
        ("مقبول", "acceptable"),
        ("كاف", "enough sufficient adequate"),
        ("ضروري|لازم", "necessary required"),
        ("واضح", "clear"),
        ("امن", "safe"),
        ("مستقر", "stable"),
        ("عادل", "fair just"),
        ("صحيح|دقيق", "true correct accurate"),
        ("مرجح|محتمل|متوقع", "likely probable expected"),
        ("رسمي", "official formal officially"),
        ("مؤكد|متاكد|واثق", "certain sure confirmed confident"),
        ("متاح|متوفر|متوافر", "available"),
        ("مسؤول|مسئول", "responsible"),
        ("معروف|معلوم", "known"),
        ("ناجح", "successful"),
        ("راض", "satisfied happy"),
        ("قادر", "able capable"),
        ("جاهز|مستعد", "ready prepared"),
    )
)


def check(ours: Folded, theirs: Folded) -> Iterator[Flag]:
    """A flag for each pair of opposites one of which is only in the source, the other only in the target."""
    for one, other in _OPPOSITES:
        for said, meant in ((one, other), (other, one)):
            if not (source := ours.find(said.arabic)) or not (target := theirs.find(meant.english)):
                continue
            if not theirs.find(said.english_may) and not ours.find(meant.arabic_may):
                message = _OPPOSITE.format(said.meaning, ours.quote(source[0]), theirs.quote(target[0]))
                yield Flag("negation", "error", message, source[0], target[0])


def check_adjectives(ours: Folded, theirs: Folded) -> Iterator[Flag]:
    """A flag for each «غير» whose adjective stands alone in a target that has nothing like a denial."""
    for denied, adjective, english_adjective in _DENIABLE:
        if not (source := ours.find(denied)) or not (target := theirs.find(english_adjective)):
            continue
        if len(ours.find(adjective)) == len(source):
            message = _NEGATED.format(ours.quote(source[0]), theirs.quote(target[0]))
            yield Flag("negation", "error", message, source[0], target[0])
