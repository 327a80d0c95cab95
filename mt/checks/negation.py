"""Does the target deny what the source denies, and only that?

A negation has many forms: «لم يحضر» is "did not come", "failed to come", "was absent". So each side has two kinds of
cues: those that surely deny (لم, not), and those that may (دون, without, un-). A cue that surely denies must find a cue
of either kind near its place on the other side. Where both sides surely deny as often, or in doubt, nothing is said.

Of the 997 references of FLORES-dev 10 are flagged; of those whose "not" was taken out by hand, two thirds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from mt.checks.cues import NOUN, Folded, arabic, english, outside, unpaired
from mt.document import Flag, Span

_DROPPED = "The source denies something here, with “{}”; the translation does not seem to. It may say the opposite."
_ADDED = "The translation says “{}”, but the source does not seem to deny anything there. It may say the opposite."

_AR_SURE = arabic(
    "لم لن ليس ليست ليسوا ليسا لست لسنا لستم لا بلا بدون* عدم بعدم لعدم العدم نفي نفت ينفي تنفي نفوا ~نكر*"
)
_AR_MAY = arabic(
    """
    دون دونما دونه* بمعزل بعيدا ~تعذر* متعذر* ~وقف وقف* ايقاف* غير انعدام عديم* الا لئلا كيلا سوي كلا ابدا قط اطلاقا
    مطلقا بتاتا لولا فقط نادر* قلما ضد ممنوع* محظور* محروم* ~نتفي منفي* نافيا نافيه نافية نفيه* انكار* ~رفض* ~ستبعد*
    استبعاد* مستبعد* ~فشل* ~خفق* اخفاق* ~عجز* عاجز* افتقار* ~فتقر* ~فتقد* نقص* غياب* خال خالي* خلو* ~منع* حظر* ~حظر*
    ~متنع* امتناع* ~تجنب* تجنب* توقف* ~توقف* مستحيل* ~ستحيل استحال* صعب* صعوب* يصعب تصعب مجهول* قليل* قلة ضئيل*
    ~حرم* بخلاف خلافا عكس بعكس يكف تكف فقدان* ~ندر بدلا ~ختف* ~نقطع* ~تخل* تخلي* ~ستثن* باستثناء عدا ماعدا لما
    لامركزي* لامبالا* لانهائ* لامحدود* لاسلكي* لاارادي* لاوعي* لاانساني* لافقار*
    """,
    r"(?:بغض|بصرف)\s+النظر",
    r"ما\s+(?:من|كان\w*|عاد\w*|هو|هي)",
    clitics=NOUN,
)
_EN_SURE = english(
    "not cannot no never none nobody nothing nowhere neither nor deny denies denied denying denial denials without",
    r"\w+n't",
    r"no\s+one",
)
_EN_MAY = english(
    """
    non non-* anti anti-* less least fail* reject* refus* lack* absen* avoid* prevent* stop* ban bans banned banning
    prohibit* forbid* forbade barely hardly rarely seldom scarcely few fewer little only except* unless until
    instead rather exclu* declin* halt* ceas* free miss missing missed loss losing lost loses lose nil zero block*
    oppos* against rebut* refut* contrary lest contradict* end ended ends ending doubt* depriv* abandon* wrong
    withh* unlike poor* abort* dismiss* impossib* offline under-* disagree* disappear* dislike* disallow* disapprov*
    discontinu* discourag* disregard*
    """,
    r"un(?!der|til|io|it|iv|iq|if|cle|anim|ic|esc|v|fold|load|pack|lock|wind|earth)\w{3,}",
    r"in(?:ab|acc|act|adeq|adm|capab|compat|compl|consist|correct|decis|eff|eligib|equal|equit|escap|evit|expens|experienc|form|"
    r"frequ|humane|nocen|oper|secur|sens|separ|signif|stab|suff|valid|vis)\w*",
    r"(?:im(?:mob|mor|part|patien|perf|pract|prob|prop|pun|pure)|il(?:leg|log|lit|lic)|ir(?:reg|resp|rel|rev|ration))\w*",
    r"mis(?:under|behav|conduct|lead|led|manag|repres|tak|took|trust|us)\w*",
    r"\w{3,}less(?:ly|ness)?",
    r"rul(?:e|es|ed|ing)\s+out",
    r"far\s+from",
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
    r"لا\s+(?:بد|شك|ريب|سيما|محال[ةه]|غرو|جرم|باس|غني|مفر|مناص|حصر)",
    r"(?:الا|غير)\s+ان\w*",
    r"الا\s+(?:وهو|وهي|وهما|وهم)",
)
_AR_HALF = arabic(
    "والا",
    r"(?:لا|لم|لن)\s+[اينت](?:(?:قل|زيد)\w*\s+(?:\w+\s+){0,3}عن|تجاوز\w*|تعد\w*)",
    r"(?:لا|لم|ما)\s+[اينت]?ك[اد]\w*",  # hardly
    r"(?:حتي|كي|ام|او)\s+لا",
    r"ما\s+لم",
    # «لم … إلا» is "only", «ليس فقط» "not only"
    r"(?:لم|لن|لا|ليس\w{0,2}|ما)\s[^.؟!،؛]{0,80}?\b(?:الا(?!\s+ان)|سوي|فقط|فحسب|وحسب|مجرد)",
)
_EN_NONE = english("", r"no\.?\s*\d\w*")
_EN_HALF = english(
    "",
    r"no\s+(?:doubt|matter|(?:later|sooner|more|less|fewer|earlier)\s+than)",
    r"(?:whether\s+or|or|why|if)\s+not",
    r"not\s+(?:only|just|merely|simply|least|to\s+mention)",
)
_SENTENCE_END = re.compile(r"[.;!?؟؛]")
_LIST = 40  # characters between the members of an enumeration
_LA = re.compile(r"\bL[ao]s? [A-Z]")  # La Paz, «لا باز»
_REACH = 0.4  # how far from each other, as a share of the text, a denial and its translation may stand


def check(ours: Folded, theirs: Folded) -> Iterator[Flag]:
    """At most one flag: a denial of the source that has none in the target, or the other way round."""
    sure, may = _denials(ours, _AR_SURE, _AR_MAY, _AR_NONE, _AR_HALF)
    their_sure, their_may = _denials(theirs, _EN_SURE, _EN_MAY, _EN_NONE, _EN_HALF)
    if len(sure) == len(their_sure):
        return
    if dropped := unpaired(ours, sure, theirs, [*their_sure, *their_may], _REACH):
        if not _is_name(ours.quote(dropped), theirs):
            yield Flag("negation", "error", _DROPPED.format(ours.quote(dropped)), source_span=dropped)
    elif added := unpaired(theirs, their_sure, ours, [*sure, *may], _REACH):
        yield Flag("negation", "error", _ADDED.format(theirs.quote(added)), target_span=added)


def _denials(
    text: Folded, sure: re.Pattern[str], may: re.Pattern[str], none: re.Pattern[str], half: re.Pattern[str]
) -> tuple[list[Span], list[Span]]:
    """What surely denies, and what may: a phrase counts once, whatever is inside it, and so does an enumeration."""
    excused, halves = text.find(none), text.find(half)
    certain = outside(text.find(sure), [*excused, *halves])
    again = {span for before, span in pairwise(certain) if _goes_on(text, before, span)}
    found = [*again, *halves, *outside(text.find(may), [*excused, *certain])]
    return [span for span in certain if span not in again], found


def _goes_on(text: Folded, before: Span, span: Span) -> bool:
    """Whether a denial only continues the one before: لا … ولا، neither … nor, no bread, no water."""
    word, gap = text.quote(span).lower(), text.written[before[1] : span[0]]
    if word in ("ولا", "nor"):
        return True
    return word == text.quote(before).lower() and len(gap) < _LIST and not _SENTENCE_END.search(gap)


def _is_name(word: str, theirs: Folded) -> bool:
    return word == "لا" and _LA.search(theirs.text) is not None
