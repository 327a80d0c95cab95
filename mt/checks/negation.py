"""Does the target deny what the source denies, and only that?

A negation has many forms: «لم يحضر» is "did not come", "failed to come", "was absent". So each side has two kinds of
cues: those that surely deny (لم, not), and those that may (دون, without, un-). A cue that surely denies must find a cue
of either kind near its place on the other side, and not one that is there for another word («فقط» for "only"). Where
both sides surely deny as often, or in doubt, nothing is said; where neither does, `opposites` looks for rose and fell.

`benchmarks/checks/score.py`: of the references of FLORES-dev, lines 501–997, 8 are flagged; of those that got a "not"
90 %, of those that lost one 74 %.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from mt.checks import opposites
from mt.checks.cues import NOUN, Folded, arabic, english, outside, unpaired
from mt.document import Flag, Span

_DROPPED = "The source denies something here, with “{}”; the translation does not seem to. It may say the opposite."
_ADDED = "The translation says “{}”, but the source does not seem to deny anything there. It may say the opposite."

_AR_SURE = arabic(
    """
    دون لم لن لا ليس ليست ليسوا ليسا لست لسنا لستم بلا بدون* عدم بعدم لعدم العدم نفي نفت ينفي تنفي نفوا انكر انكرت
    انكروا ينكر تنكر ينكرون
    """
)
_AR_MAY = arabic(
    """
    دونما دونه* دوني دونك دوننا بمعزل بعيدا ~تعذر* متعذر* ~وقف وقف* ايقاف* غير انعدام عديم* الا لئلا كيلا سوي كلا
    ابدا قط اطلاقا مطلقا بتاتا لولا فقط نادر* بالكاد قلما ضد ممنوع* محظور* محروم* ~نتفي منفي* نافيا نافيه نافية نفيه*
    انكار* ~رفض* ~ستبعد* استبعاد* مستبعد* ~فشل* ~خفق* اخفاق* ~عجز* عاجز* افتقار* ~فتقر* ~فتقد* نقص* غياب* خال
    خالي* خلو* ~منع* حظر* ~حظر* ~متنع* امتناع* ~تجنب* تجنب* توقف* ~توقف* مستحيل* ~ستحيل استحال* صعب* صعوب* يصعب
    تصعب مجهول* قليل* قلة ضئيل* ~حرم* بخلاف خلافا عكس بعكس يكف تكف فقدان* ~ندر بدلا ~ختف* ~نقطع* ~تخل* تخلي*
    ~ستثن* باستثناء عدا ماعدا لما لامركزي* لامبالا* لانهائ* لامحدود* لاسلكي* لاارادي* لاوعي* لاانساني* لافقار*
    """,
    r"(?:بغض|بصرف)\s+النظر",
    r"اللا(?!عب|جئ|جي|زم|حق|فت|تيني|ئق|مع|هث)\w{3,}",  # «اللاعودة»: no return
    r"ما\s+(?:من|كان\w*|عاد\w*|هو|هي)",
    clitics=NOUN,
)
_EN_SURE = english(
    "not cannot no never none nobody nothing nowhere neither nor deny denies denied denying denial denials without",
    r"\w+n't",
    r"no\s+one",
)
_EN_PREFIXED = (
    r"un(?!der|til|io|it|iv|iq|if|cle|anim|ic|esc|v|fold|load|pack|lock|wind|earth)\w{3,}",
    r"in(?:ab|acc|act|adeq|adm|animate|capab|comp|comprehens|conclus|consist|contest|correct|cred|cur|decis|defin|dispens|"
    r"dispu|distin|divis|eff|eligib|equal|equit|escap|evit|exact|expens|experienc|explic|fertil|finit|flex|form|frequ|"
    r"advert|appropr|audib|calcul|cessan|coheren|consid|convenien|destruct|discr|grat|hospit|satiab|vinc|"
    r"human|justic|nocen|numer|oper|secur|sens|separ|signif|stab|suff|toler|valid|variab|vis|vulner)\w*",
    r"dis(?:abl|advant|belie|comfort|connect|content|courte|engag|favo|honest|hono|integr|interest|loyal|obe|organi|pleas|"
    r"proof|prov|qualif|quiet|repair|reput|respect|satis|similar|trust|unit|us)\w*",
    r"(?:im(?:mob|mor|part|patien|perf|pract|prob|prop|pun|pure)|il(?:leg|log|lit|lic)|ir(?:reg|resp|rel|rev|ration))\w*",
    r"mis(?:under|behav|conduct|lead|led|manag|repres|tak|took|trust|us)\w*",
    r"\w{3,}less(?:ly|ness)?",
)
_EN_MAY = english(
    """
    non non-* anti anti-* less least fail* reject* refus* lack* absen* avoid* prevent* stop* ban bans banned banning
    prohibit* forbid* forbade barely hardly rarely seldom scarcely few fewer little only except* unless until
    instead rather exclu* declin* halt* ceas* free miss missing missed loss losing lost loses lose nil zero block*
    oppos* rebut* refut* contrary lest contradict* end ended ends ending doubt* depriv* abandon* wrong
    withh* unlike poor* abort* dismiss* impossib* offline under-* disagree* disappear* dislike* disallow* disapprov*
    discontinu* discourag* disregard* vain futile
    """,
    *_EN_PREFIXED,
    r"rul(?:e|es|ed|ing)\s+out",
    r"far\s+from",
    r"(?:has|have|had|is|are)\s+yet\s+to",
    r"(?:vot|decid|advis|argu|recommend|speak|spoke|rul)\w*\s+(?:\w+\s+)?against",
    r"too\s+\w+\s+to",
    r"under(?:recog|estim|serv|fund|repres|rat|dev|report|appreciat|stud|us|util)\w*",
    r"un-\w+",
    r"all\s+but",
)

# Phrases that look like a denial and are none; and those that are half of one, which count among those that may.
_STILL = r"زال\w*|[اينت]زال\w*|زلت\w*|برح\w*|[اينت]برح\w*|[اينت]نفك\w*|[اينت]لبث\w*"
_AR_NONE = arabic(
    "",
    rf"(?:لا|ما|لم|لن)\s+(?:{_STILL})",
    r"لا\s+(?:بد|شك|ريب|سيما|محال[ةه]|غرو|جرم|باس|غني|مفر|مناص|حصر|يتجزا|تتجزا)",
    r"(?:الا|غير)\s+ان\w*",
    r"الا\s+(?:وهو|وهي|وهما|وهم)",
)
_AR_HALF = arabic(
    "والا",
    r"(?:لا|لم|لن)\s+[اينت](?:(?:قل|زيد)\w*\s+(?:\w+\s+){0,3}عن|تجاوز\w*|تعد\w*)",
    r"(?:لا|لم|ما)\s+[اينت]?ك[اد]\w*",  # hardly
    r"(?:حتي|كي|ام|او)\s+لا",
    r"ما\s+لم",
    r"(?:[انيت]دري|[انيت]عرف|[انيت]علم|[انيت]فهم|سال\w*)\s+لم",  # why
    # of two denials a translation may make an assertion: "may" for «لا يستبعد»
    r"(?:لا|لم|لن|ليس\w{0,2}|ما)\s+(?:من\s+)?(?:ال)?(?:[اينت]?ستبعد|[اينت]نكر|[اينت]نفي|[اينت]خلو?|[اينت]منع|[اينت]عدم|مستبعد)\w*",
    r"(?:ال)?لا\s+(?:نهائي|نهاي|محدود|متناه|[يت](?:قهر|حصي|عد\b))\w*",  # infinite, invincible, countless
    r"بلا\s+(?:حدود|طيار|سائق)\w*",  # Doctors Without Borders, MSF; endless
    # below a number, two goals to none; what English has a word for: alone, all, on time, in vain, a drone
    r"(?:من\s+)?دون\s+(?:ال)?(?:\d|مئ|ماي|مليون|مليار|الف|عشر|ثلاث|اربع|خمس|ست|سبع|ثمان|تسع|سن\b|مستوي|معدل|متوسط|حد\b)\w*",
    r"(?:من\s+)?ب?دون\s+(?:اي\s+|ادني\s+)?(?:صفر|رد\b|مقابل|غير|سوا|استثناء|شك|ريب|تاخ|ابطا|تمييز|جدوي|طايل|فايده|انقطاع|"
    r"توقف|عناء|صعوبه|طيار|سايق|سائق|قصد)\w*",
    r"(?:لا|لم|لن)\s+\w+\s+(?:\w+\s+){0,3}[لب]?اكثر\s+من",  # at most
    r"لا\s+(?:يمكن|يسع)\w*\s[^.؟!]{0,60}?\bالا\b",
    r"ان\s+لم\s+[يت]كن",  # if at all
    # «لم … إلا» is "only", «ليس فقط» "not only"
    r"(?:لم|لن|لا|ليس\w{0,2}|ما)\s[^.؟!،,؛]{0,80}?\b(?:الا(?!\s+ان)|سوي|فقط|فحسب|وحسب)",
    r"(?:ليس\w{0,2}|لا|لم)\s+(?:\w+\s+)?مجرد",
)
_EN_NONE = english("", r"no\.?\s*\d\w*", r"denials?.of.service")
_EN_HALF = english(
    "",
    r"no\s+(?:doubt|matter|(?:later|sooner|more|less|fewer|earlier)\s+than)",
    r"(?:whether\s+or|or|why|if)\s+not",
    r"(?:not|\w+n't)\s+(?:only|just|merely|simply)",
    r"not\s+(?:least|to\s+mention|(?:un|im)\w+)",
    r"(?:not|cannot|never|\w+n't)\s+(?:be\s+)?(?:rul\w+\s+out|den(?:y|ied)|exclud\w+|prevent\w*)",
    r"without\s+(?:borders|limits?|end)",
)
# Words that are kept as what they are: they stand for each other, and for no denial beside them.
_KEPT = tuple(
    (arabic(ours, clitics=NOUN), english(theirs, *phrases))
    for ours, theirs, *phrases in (
        ("غير", "non-* anti-*", *_EN_PREFIXED),
        ("فقط سوي الا مجرد فحسب", "only just solely merely except"),
        ("صعب* صعوب* يصعب تصعب", "difficult* hard harder hardest tough*"),
        ("بدلا عوضا", "instead rather"),
        ("نادر* ~ندر قلما", "rare* seldom uncommon*"),
        ("قليل* قلة ضئيل*", "few* little less small* low* minor slight* poor*"),
        ("~رفض*", "refus* reject* declin*"),
        ("~ستبعد* استبعاد* مستبعد*", "exclu* unlikely disqualif* sack* out dismiss* eliminat*"),
        ("~فشل* ~خفق* اخفاق*", "fail* unsuccess*"),
        ("نقص* افتقار* ~فتقر* ~فتقد* غياب* عجز* ~عجز*", "lack* short* absen* miss* defici*"),
        ("توقف* ~توقف* ~وقف* ايقاف* ~نقطع*", "stop* halt* suspen* paus* ceas* end ended ends ground*"),
        ("~منع* حظر* ~حظر* ممنوع* محظور*", "prevent* ban bans banned prohibit* forbid* bar barred block*"),
        ("~تجنب* ~متنع* امتناع*", "avoid* refrain* abst*"),
        ("ضد", "against anti*"),
        ("فقدان* خال خالي* خلو*", "los* devoid free empty"),
        ("مستحيل* ~ستحيل استحال*", "impossib*"),
        ("~تخل* تخلي*", "abandon* rid quit*", r"giv\w+\s+up"),
        ("بخلاف خلافا عكس بعكس", "unlike contrary revers* oppos* contrast*"),
        ("باستثناء عدا ماعدا ~ستثن*", "except* exclu* apart"),
    )
)
_SENTENCE_END = re.compile(r"[.;!?؟؛]")
_LIST = 40  # characters between the members of an enumeration
_OTHERS = {  # what a word also is where English has this: La Paz, Don Juan, exile
    "لا": re.compile(r"\bL[ao]s? [A-Z]"),
    "دون": re.compile(r"\bD[ou]n"),
    "نفي": re.compile("exil|banish|deport|expel"),
}
_REACH = 0.4  # how far from each other, as a share of the text, a denial and its translation may stand


def check(ours: Folded, theirs: Folded) -> Iterator[Flag]:
    """At most one flag for a denial that only one side has; where neither has any, one for each opposite."""
    sure, halves, may = _denials(ours, _AR_SURE, _AR_MAY, _AR_NONE, _AR_HALF)
    their_sure, their_halves, their_may = _denials(theirs, _EN_SURE, _EN_MAY, _EN_NONE, _EN_HALF)
    if not sure and not their_sure:
        yield from opposites.check(ours, theirs)
        if not their_halves and not their_may:
            yield from opposites.check_adjectives(ours, theirs)
    if len(sure) == len(their_sure):
        return
    may, their_may = _without_kept(ours, may, theirs, their_may)
    if dropped := unpaired(ours, sure, theirs, [*their_sure, *their_halves, *their_may], _REACH):
        if not _means_another(ours.quote(dropped), theirs):
            yield Flag("negation", "error", _DROPPED.format(ours.quote(dropped)), source_span=dropped)
    elif added := unpaired(theirs, their_sure, ours, [*sure, *halves, *may], _REACH):
        yield Flag("negation", "error", _ADDED.format(theirs.quote(added)), target_span=added)


def _denials(
    text: Folded, sure: re.Pattern[str], may: re.Pattern[str], none: re.Pattern[str], half: re.Pattern[str]
) -> tuple[list[Span], list[Span], list[Span]]:
    """What surely denies, does half, and may: a phrase counts once, whatever is inside it; so does an enumeration."""
    excused, halves = text.find(none), text.find(half)
    certain = outside(text.find(sure), [*excused, *halves])
    again = {span for before, span in pairwise(certain) if _goes_on(text, before, span)}
    possible = outside(text.find(may), [*excused, *halves, *certain])
    return [span for span in certain if span not in again], [*again, *halves], possible


def _without_kept(
    ours: Folded, may: list[Span], theirs: Folded, their_may: list[Span]
) -> tuple[list[Span], list[Span]]:
    """What may deny on either side, less the words that are each other's translation."""
    for cues, renderings in _KEPT:
        words = ours.find(cues)
        kept = outside(words, outside(words, may))
        rendered = theirs.find(renderings)
        both = min(len(kept), len(rendered))
        may, their_may = outside(may, kept[:both]), outside(their_may, rendered[:both])
    return may, their_may


def _goes_on(text: Folded, before: Span, span: Span) -> bool:
    """Whether a denial only continues the one before: لا … ولا، neither … nor, no bread, no water."""
    word, gap = text.quote(span).lower(), text.written[before[1] : span[0]]
    if word in ("ولا", "nor"):
        return True
    return word == text.quote(before).lower() and len(gap) < _LIST and not _SENTENCE_END.search(gap)


def _means_another(word: str, theirs: Folded) -> bool:
    name = _OTHERS.get(word.removeprefix("و"))
    return name is not None and name.search(theirs.text) is not None
