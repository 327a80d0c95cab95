"""Does the target keep who says so: sayings, claims as claims, accusations, quotation marks, the sex of a speaker?

As with denials, a saying has cues that are sure (قال, said) and cues that may be one (رأى, "thinks"): a sure one must
find one of either kind on the other side. Of the 997 references of FLORES-dev one is flagged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mt.checks.cues import NOUN, Folded, arabic, english, fold_arabic, outside, unpaired
from mt.document import Flag, Severity, Span

_SAYING_DROPPED = "The source reports what somebody says (“{}”); the translation seems to state it as a fact."
_SAYING_ADDED = "The translation says “{}”, but the source does not seem to name anybody who says so."
_CLAIM_DROPPED = "The source only claims this (“{}”: claims, alleges); the translation does not keep the doubt."
_SUSPICION_DROPPED = "The source only suspects this (“{}”); the translation states it as a fact."
_BELIEF_DROPPED = "The source says that this is believed (“{}”); the translation states it as a fact."
_CLAIM_ADDED = "The translation says “{}”; the source reports it without that doubt."
_ACCUSATION_DROPPED = "The source accuses (“{}”); the translation does not say that it is an accusation."
_ACCUSATION_ADDED = "The translation says “{}”; the source does not seem to accuse anybody."
_QUOTE_DROPPED = "The source quotes these words; the translation does not mark them as a quotation."
_QUOTE_ADDED = "The translation puts these words into somebody's mouth; the source does not quote them."
_DISTANCE_DROPPED = "The source puts {} in quotation marks: the writer does not call it so; the translation has none."
_SPEAKER = "In the source {} speaks; the translation says “{}”."

_WHO = (  # who may stand behind «وفقاً لـ»; anything else is what something depends on
    "مسؤول|مسئول|بيان|مصدر|مصادر|وكال|وزار|وزير|شرط|شهود|شاهد|تقرير|تقارير|صحيف|متحدث|ناطق|سلطات|رئيس|رئاس|باحث|خبير|خبراء|"
    "محلل|ناشط|نشطاء|منظم|مرصد|دراس|استطلاع|ارقام|احصا|ادار|مكتب|مراسل|اعلام|موقع|قنا|اذاع|تلفزيون|مركز|معهد|جيش|قائد|"
    "مدير|ممثل|امم|حكوم|محام|طبيب|سكان|اهالي|عائل|شرك|بنك|مصرف|ما\\s"
)
_THAT = r"ب?ان(?:ه|ها|هم|هما|هن|ي|ني|نا|ك|كم|ما)?"
_AR_SURE = arabic(
    """
    قال قالت قالوا يقول تقول يقولون صرح صرحت صرحوا يصرح تصرح اضاف اضافت اضافوا افاد افادت افادوا اكد اكدت اكدوا
    يؤكد تؤكد زعم زعمت زعموا يزعم تزعم ادعي ادعت ادعوا اتهم اتهمت اتهموا يتهم تتهم اخبر اخبرت ابلغ ابلغت
    """,
    rf"(?:وفقا\s+ل|(?:ب?حسب|نقلا\s+عن)\s+)(?:\w+\s+)?\w{{0,2}}(?:{_WHO})\w*",
    rf"(?:ذكر|ذكرت|اشار|اشارت|كشف|كشفت)\s+(?:الي\s+)?{_THAT}",
    rf"(?:اوضح|اوضحت|اوضحوا)\s+(?:\w+\s+){{0,3}}{_THAT}",  # alone also "clearer"
    rf"(?:اعلن|اعلنت|اعلنوا|يعلن)\s+(?:\w+\s+){{0,5}}{_THAT}",  # who announces a pause has paused
)
_AR_MAY = arabic(
    """
    قائل* قول* اقوال* يقولها قيل يقال قالها قاله تصريح* ~صرح* مصرحا ~ضيف مضيفا مضيفة اضاف ~فيد مفاد* افاد* ~وضح*
    موضحا موضحة ~علن* اعلان* معلن* اكد* ~ؤكد* مؤكد* تاكيد* زعم* ~زعم* مزاعم مزعوم* ~دعي ادعاء* مدعي* مدعيا ~تهم*
    اتهام* متهم* اخبر* ~خبر* ابلغ* ابلاغ بلاغ* حسب حسبما وفق وفقا تبعا طبقا بحسب بموجب بناء عملا اساس اوضح* نقلا
    نقلت نقل ~نقل ذكر* ~ذكر* اشار* ~شير* اشارة مشيرا مشيرة راي اراء ~ري يري تري رات رأي ~عتبر* معتبرا ~عتقد* اعتقاد*
    ~ظن ظن وصف* ~وصف* كتب كتبت ~كتب لفت* ~لفت* ~علق تعليق* رد ردا ردت ~تساءل* ~سال* ~جيب اجاب* اجابت وعد وعدت تعهد*
    ~تعهد* طالب طالبت ~طالب دعا دعت ~دعو حذر* ~حذر* محذرا شدد* ~شدد* مشددا كشف* ~كشف* نوه* ~عترف* اعتراف* اقر اقرت
    ~قر اصر اصرت ~صر ~شرح شرح بينت ~فسر ~جادل جادل ~قترح* اقتراح* ~روي روي روت ~توقع* توقعات نصح ~نصح* لاحظ ~لاحظ
    ~تحدث* متحدث* بيان تقرير* تقارير نص نصت ينص تنص مصدر مصادر شهادة شهادات ~شهد اعرب* ~عرب نفي نفت ~نفي ~نكر* عزا
    ~ندد* ~نتقد* ~رجح ~شكك* ~شتبه* مشتبه* غرد ناشد ~ناشد هتف* صاح شهود خلص خلصت ~خلص وجدت اثبتت ~ثبت* اظهر* ~ظهر
    اعتبر* تنبا* ~تنبا* خطاب* رسال* انباء اخبار شائع* ~شاع مسؤوليت* مذكور* استناد* متناسب*
    """,
    r"وجهة\s+نظر\w*",
    rf"بين\s+{_THAT}",
    clitics=r"[وف]?[سبلك]?(?:ال)?",
)
_EN_SURE = english(
    "says stated announced alleged alleges allegedly reportedly accused accuses",
    r"(?-i:said)",  # «سعيد» is a name
    r"according\s+to",
    r"(?:he|she|they)\s+added",
    r"added\s+that",
    r"claim(?:s|ed)?\s+that",
    r"claim(?:s|ed)(?=[.,;\"”]|$)",  # behind what was claimed
)
_EN_MAY = english(
    """
    say saying added told tell tells telling adds adding state stating statement* announc* claim* alleg* accus*
    accord* report* declar* confirm* affirm* assert* maintain* insist* stress* emphas* underlin* underscor*
    highlight* noted noting notes mention* remark* comment* explain* clarif* reveal* disclos* indicat* inform
    informed notif* suggest* argu* contend* believe* believing thinks thought consider* regard* describ* wrote
    writes quoted quoting cited citing testif* testimon* admit* acknowledg* conced* warn* urg* demand* call called
    calling asked answered repl* respond* response promis* pledg* vow* predict* estimat* per purport* supposed*
    so-called charged blam* opin* released expressed speak* spoke talk* concluded found showed deemed conveyed
    recount* reiterat* reaffirm* swore pretend* accordance advis* propos* deny denied denies refut* attribut*
    observed cautioned critici* boast* joke* exclaim* shout* tweet* agreed rejected refused request* plead* letter
    speech message news source* pointed points pointing issued assured learned heard quote* depend* advertis* read
    reads proclaim* foretold foretell* prophe*
    """,
    r"states\s+that",
)
# Who says so has not proved it; but some words of saying also mean that.
_AR_PROOF = arabic(
    """
    اثبت* ~ثبت* ثبت ثبتت اظهر* ~ظهر* بين بينت ~بين ~تبين تبين* برهن* دلت ~دل دليل ادلة وجد وجدت اكد* ~ؤكد* كشف* ~كشف*
    اشار* ~شير* افاد* ~فيد* راي اوضح* ~وضح*
    """
)
_EN_PROOF = english("prov* demonstrat* illustrat* establish* show shows showed shown")
_AR_CLAIM = arabic("زعم زعمت زعموا يزعم تزعم يزعمون زاعما زاعمة مزاعم المزاعم")
_EN_CLAIM = english(
    """
    claim* alleg* purport* suppos* so-called accus* contend* assert* maintain* argu* insist* profess* pretend*
    pretext* ostensibl* rumo* reportedly believed apparently
    """
)
_AR_ALLEGE = arabic("ادعي ادعت ادعوا مدعيا مدعية", rf"[يت]دعي\s+{_THAT}")
_AR_SUSPECT = arabic("يشتبه تشتبه اشتبه اشتبهت يشتبهون المشتبه مشتبه", clitics=NOUN)
_EN_SUSPECT = english(
    """
    suspect* suspic* alleg* accus* believ* thought think* suppos* presum* purport* apparent* possibl* potential*
    probabl* likely may might could doubt* fear* report* question*
    """
)
_AR_BELIEVE = arabic(
    "", r"(?:[ينت]عتقد|[ينت]ظن|يعتقدون|يظنون|يرجح|يحتمل|يفترض)\s+(?:\w+\s+){0,2}(?:ان|انه|انها|انهم|بان|بانه|بانها)"
)
_EN_BELIEVE = english(
    """
    believ* belief* thought think* suspect* suppos* presum* assum* consider* regard* apparent* seem* appear* likely
    unlikely possibl* potential* probabl* may might could should would perhaps maybe opinion* view* estimat* report*
    said say says saying expect* hold held reckon* feel* felt argu* claim* guess* speculat* suggest* imagin* hypothes*
    theor* convinc* conclu* agree* accord* conventional must doubt* tend* understood surmis* conjectur* find*
    """
)
_AR_DOUBT = arabic(
    """
    زعم* ~زعم* مزعوم* مزاعم* ادع* ~دعي* ~دعو* مدع* ~تهم* اتهام* تهم* متهم* مشتبه* ~شتبه* مفترض* يفترض ~قال قيل
    ~طالب* مطالب* تبن* ~تبن* اعتقد* ~عتقد* ظن ~ظن ~عتبر* اعتبر* قال* قائل* ~قول* ~ؤكد* اكد* اعلن* ~علن* ~جادل* شكوي
    شكاوي بلاغ* دعوي دعاوي قضية يتردد انباء
    """,
    clitics=r"[وف]?[بكل]?(?:ال)?",
)
_EN_ALLEGE = english(
    """
    claim* alleg* purport* suppos* so-called accus* contend* assert* maintain* argu* insist* profess* pretend*
    pretext* charg* ostensibl* rumo* excuse* grounds plea petition* lawsuit prosecut*
    """
)
_EN_DOUBT = english("alleged alleges allegedly allegation allegations purported purportedly ostensibly")
_AR_ACCUSE = arabic("اتهم اتهمت اتهموا يتهم تتهم يتهمون متهما متهمة اتهام اتهامات الاتهام الاتهامات")
_EN_ACCUSE = english(
    """
    accus* charg* alleg* blam* indict* condemn* claim* denounc* prosecut* impeach* criticiz* criticis* suspect*
    convict* fault* case* guilt* implicat* defendant* complain*
    """
)
_EN_ACCUSED = english("accused accuses accusing accusation accusations")
_AR_ACCUSED = arabic(
    "~تهم* اتهم* اتهام* تهم* متهم* ~دين* ادان* ادين مدان* مدعي ~زعم* زعم* مزاعم ~حمل* ~نسب* لام ~لوم* مشتبه* ~شتبه*",
    clitics=r"[وف]?[بكل]?(?:ال)?",
)

_AR_QUOTE = re.compile(r"«[^«»]*»|“[^“”]*”|\"[^\"]*\"")
_EN_QUOTE = re.compile(r"“[^“”]*”|\"[^\"]*\"|«[^«»]*»")
_ANY_QUOTE = re.compile(r"[«»“”„\"‘’‹›]|''|``|(?<!\w)'|&quot;")
_FEWEST_QUOTED = 6  # words: fewer may be a title or a name, which another language may print otherwise
_MOST_DISTANCED = 3
_CONTESTED = arabic(  # what a writer who does not call it so puts in quotation marks
    """
    تحرير* تحرر* انتصار* نصر اصلاح* ديمقراطي* ارهاب* سلام* عدال* مقاوم* ثور* شهيد* شهداء خائن* خون* خيان* عدو* اعداء
    استقلال* شرعي* حماي* تطهير* تطبيع* احتلال* ابادة* مؤامر* انقلاب* دفاع* متطرف* تطرف اعتدال* معتدل* عدوان* تاديب*
    تضامن* سياد* نظام* نازي* صديق* حياد* محايد* انساني*
    """,
    clitics=NOUN,
)
_DISTANCE = english(
    "so-called dubbed termed called named described known self-styled", r"what\s+(?:\w+\s+){1,4}call\w*"
)
_CAPITAL = re.compile(r"(?<![.!?:…]\s)(?<!^)\b[A-Z]")

_HE_SAYS = arabic(
    """
    قال صرح اضاف افاد اوضح اعلن اكد ذكر اشار زعم ادعي اتهم يقول يضيف يؤكد قائلا مضيفا اخبر ابلغ تابع كتب اعترف اجاب
    """
)
_SHE_SAYS = arabic(
    """
    قالت صرحت اضافت افادت اوضحت اعلنت اكدت ذكرت اشارت زعمت ادعت اتهمت تقول تضيف تؤكد قائلة مضيفة اخبرت ابلغت تابعت
    كتبت اعترفت اجابت
    """
)
_VERB = "said|says|added|adds|explained|stated|claimed|claims|announced|confirmed|told|noted|stressed"
_HE = re.compile(rf"\bhe\s+(?:{_VERB})\b|\b(?:said|added)\s+he\b", re.IGNORECASE)
_SHE = re.compile(rf"\bshe\s+(?:{_VERB})\b|\b(?:said|added)\s+she\b", re.IGNORECASE)
_REACH = 1.0  # anywhere: English likes to put who says so at the end


def check(ours: Folded, theirs: Folded) -> Iterator[Flag]:
    """Flags where a saying, a doubt, an accusation, a quotation or a speaker is not the source's."""
    kept = list(_claims(ours, theirs))
    yield from kept or _sayings(ours, theirs)
    yield from _quotations(ours, theirs)
    yield from _speakers(ours, theirs)


def _sayings(ours: Folded, theirs: Folded) -> Iterator[Flag]:
    sure, their_sure = ours.find(_AR_SURE), theirs.find(_EN_SURE)
    may, their_may = outside(ours.find(_AR_MAY), sure), outside(theirs.find(_EN_MAY), their_sure)
    if ours.find(_AR_PROOF):
        their_may += theirs.find(_EN_PROOF)
    if dropped := unpaired(ours, sure, theirs, [*their_sure, *their_may], _REACH):
        yield Flag("attribution", "warning", _SAYING_DROPPED.format(ours.quote(dropped)), source_span=dropped)
    elif their_sure and not sure and not may:  # English says "said" again and again
        yield Flag(
            "attribution", "warning", _SAYING_ADDED.format(theirs.quote(their_sure[0])), target_span=their_sure[0]
        )


def _claims(ours: Folded, theirs: Folded) -> Iterator[Flag]:
    """Doubt and accusations: what was claimed must not become a fact, nor a fact a claim."""
    for cues, renderings, message in (
        (_AR_CLAIM, _EN_CLAIM, _CLAIM_DROPPED),
        (_AR_ALLEGE, _EN_ALLEGE, _CLAIM_DROPPED),
        (_AR_SUSPECT, _EN_SUSPECT, _SUSPICION_DROPPED),
        (_AR_BELIEVE, _EN_BELIEVE, _BELIEF_DROPPED),
        (_AR_ACCUSE, _EN_ACCUSE, _ACCUSATION_DROPPED),
    ):
        found = [span for span in ours.find(cues) if "آن" not in ours.quote(span)]  # «تدعى آن» is a woman called Ann
        if found and not theirs.find(renderings):
            severity: Severity = "warning" if theirs.find(_EN_SURE) else "error"  # said, but not claimed
            yield Flag("attribution", severity, message.format(ours.quote(found[0])), source_span=found[0])
    for cues, grounds, message in (
        (_EN_DOUBT, _AR_DOUBT, _CLAIM_ADDED),
        (_EN_ACCUSED, _AR_ACCUSED, _ACCUSATION_ADDED),
    ):
        if (found := theirs.find(cues)) and not ours.find(grounds):
            yield Flag("attribution", "warning", message.format(theirs.quote(found[0])), target_span=found[0])


def _quotations(ours: Folded, theirs: Folded) -> Iterator[Flag]:
    quoted, their_quoted = _long(ours, _AR_QUOTE), _long(theirs, _EN_QUOTE)
    if quoted and not _ANY_QUOTE.search(theirs.text):
        yield Flag("attribution", "warning", _QUOTE_DROPPED, source_span=quoted[0])
    elif their_quoted and not _ANY_QUOTE.search(ours.text):
        yield Flag("attribution", "warning", _QUOTE_ADDED, target_span=their_quoted[0])
    else:
        yield from _distance(ours, theirs)


def _distance(ours: Folded, theirs: Folded) -> Iterator[Flag]:
    """A contested word in quotation marks that is no name: the target has no capital letter."""
    quoted = [span for span in ours.find(_AR_QUOTE) if len(ours.quote(span).split()) <= _MOST_DISTANCED]
    quoted = [span for span in quoted if _CONTESTED.search(fold_arabic(ours.quote(span)).text)]
    if quoted and not (_ANY_QUOTE.search(theirs.text) or _CAPITAL.search(theirs.text) or theirs.find(_DISTANCE)):
        yield Flag("attribution", "warning", _DISTANCE_DROPPED.format(ours.quote(quoted[0])), source_span=quoted[0])


def _long(text: Folded, quotation: re.Pattern[str]) -> list[Span]:
    return [span for span in text.find(quotation) if len(text.quote(span).split()) >= _FEWEST_QUOTED]


def _speakers(ours: Folded, theirs: Folded) -> Iterator[Flag]:
    """A man who speaks is no “she said”, a woman no “he said”: the verb of the source tells."""
    men, women, he, she = ours.find(_HE_SAYS), ours.find(_SHE_SAYS), theirs.find(_HE), theirs.find(_SHE)
    if men and not women and she and not he:
        yield Flag("attribution", "error", _SPEAKER.format("a man", theirs.quote(she[0])), men[0], she[0])
    elif women and not men and he and not she:
        who = "a woman, or an institution,"
        yield Flag("attribution", "error", _SPEAKER.format(who, theirs.quote(he[0])), women[0], he[0])
