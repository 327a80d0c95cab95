"""Denials, sayings and charged words: the same on both sides, or a flag."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.checks.polarity import check

KEPT = [
    ("شعر المريض بعدم الراحة.", "The patient felt discomfort."),
    ("يظن الفريق أنه لا يقهر.", "The team thinks itself invincible."),
    ("أمامنا عدد لا نهائي من الحلول.", "We have countless ways out."),
    ("أطلق الجيش طائرة بلا طيار.", "The army launched a drone."),
    ("بالكاد يكفي الراتب عائلته.", "His pay is almost nothing for his family."),
    ("لم يحضر الوزير الاجتماع.", "The minister did not attend the meeting."),
    ("لم يحضر الوزير الاجتماع.", "The minister was absent from the meeting."),
    ("لم يحضر الوزير الاجتماع.", "The minister failed to attend the meeting."),
    ("لن تُرفع الأسعار هذا العام.", "Prices won’t be raised this year."),
    ("لم يعد الطريق آمناً.", "The road is no longer safe."),
    ("لم يحضر إلا ثلاثة نواب.", "Only three deputies attended."),
    ("ليس القرار سياسياً فقط بل اقتصادي أيضاً.", "The decision is not only political but economic too."),
    ("ليس القرار سياسياً فقط بل اقتصادي أيضاً.", "The decision is political as well as economic, and rather more."),
    ("لا يزال الطريق مغلقاً.", "The road is still closed."),
    ("ما زالت المفاوضات مستمرة.", "The negotiations are continuing."),
    ("لا بد من زيادة الإنتاج، ولا سيما القمح.", "Production must be raised, above all of wheat."),
    ("لا يقل عدد الضحايا عن مئة.", "The victims number at least a hundred."),
    ("إلا أن المحكمة قبلت الطعن.", "The court, however, accepted the appeal."),
    ("غير أن المحكمة قبلت الطعن.", "But the court accepted the appeal."),
    ("القرار غير قانوني.", "The decision is illegal."),
    ("وصل دون تأخير.", "He arrived on time."),
    ("عدم الاستقرار في المنطقة", "Instability in the region"),
    ("نفت الوزارة صحة الخبر.", "The ministry denied the report."),
    ("نفت الوزارة صحة الخبر.", "The ministry rejected the report."),
    ("رفض الوزير التعليق.", "The minister refused to comment."),
    ("رفض الوزير التعليق.", "The minister did not comment."),
    ("فشلت المحادثات.", "The talks did not succeed."),
    ("الغرفة رقم 5 في الطابق الثاني.", "Room No. 5 on the second floor."),
    ("قال الوزير إن الخطة جاهزة.", "The plan is ready, the minister said."),
    ("وبحسب البيان فإن الخطة جاهزة.", "According to the statement, the plan is ready."),
    ("أكد الوزير أن الخطة جاهزة.", "The minister confirmed that the plan was ready."),
    ("زعم المتهم أنه كان في بيته.", "The accused claimed that he was at home."),
    ("مدينة تدعى طنجة", "A city called Tangier"),
    ("اتهم الوزير المعارضة بالتحريض.", "The minister accused the opposition of incitement."),
    ("قالت الوزارة إن الخطة جاهزة.", "The ministry said the plan was ready."),
    ('قال: "لقد أنجزنا كل ما وعدنا به الناخبين".', "He said: “We have done all that we promised the voters.”"),
    ("زار مدرسة «الشهيد» في المدينة.", "He visited the Martyr School in the city."),
    ("استشهد الوزير بأرقام البنك.", "The minister cited the bank's figures."),
    ("احتل الفريق المركز الثالث.", "The team took third place."),
    ("يعمل النظام المالي جيداً.", "The financial system works well."),
    ("سقط النظام السوري في أسبوعين.", "The Syrian regime fell in two weeks."),
    # two denials are an assertion
    ("لا ينفي الطبيب أن العلاج مكلف.", "The doctor admits that the treatment is expensive."),
    ("ليس من المستبعد أن تُؤجل المباراة.", "The match may be postponed."),
    ("لم تعلن الشركة عن أرباحها بعد.", "The company has yet to announce its profits."),
    # «دون» where English has a word of its own
    ("صوّرت القرية طائرة من دون طيار.", "A drone filmed the village."),
    ("حاول الأطباء إنقاذه دون جدوى.", "Doctors tried in vain to save him."),
    ("فاز الفريق بهدفين دون مقابل.", "The team won 2-0."),
    ("يدخل الأطفال دون العاشرة مجاناً.", "Children under ten get in free."),
    ("أرسلت منظمة أطباء بلا حدود فريقاً.", "MSF sent a team."),
    ("القضاء جزء لا يتجزأ من الدولة.", "The judiciary is an integral part of the state."),
    ("لا أدري لم تأخر القطار.", "I do not know why the train was late."),
    ("تم نفي الشاعر إلى باريس.", "The poet was exiled to Paris."),
    ("لا يستغرق الطريق أكثر من ساعة.", "The way takes an hour at most."),
    ("هُزم الجيش هزيمة نكراء.", "The army was soundly beaten."),
    ("غير أن حاجته إلى المال لم تنته.", "But his need for money was unending."),
    ("لا يملك الفلاحون آلات، لديهم فقط معاول.", "The farmers have no machines, they have only hoes."),
    (
        "انقطع التيار الكهربائي عن معظم أحياء العاصمة.",
        "Most districts of the capital have been left without electricity.",
    ),
    ("عادت الحافلة من دون الركاب إلى لا باز.", "The bus came back to La Paz without its passengers."),
    # opposites that are both there, or denied
    ("ارتفع سعر النفط بعد أن انخفض أمس.", "Oil rose after falling yesterday."),
    ("ارتفع عدد القتلى.", "The death toll grew."),
    ("لم ينجح الاختبار.", "The test failed."),
    ("تراجع الوزير عن تصريحه.", "The minister withdrew his statement."),
    ("القرار غير قانوني.", "The decision breaks the law."),
    ("غير واضح متى يبدأ العمل.", "It remains unclear when the work will begin."),
    # who says so
    ("أعلنت الحكومة وقف إطلاق النار.", "The government has ceased fire."),
    ("قابلت الصحفي سعيد حمدان.", "She met the journalist Said Hamdan."),
    ("قال الخباز: «نفد الدقيق». وأغلق المحل.", "“Flour has run out,” the baker said, and closed the shop, he said."),
    ("تزوج أرملة تدعى آن.", "He married a widow, Anne."),
    ("أظهرت الدراسة أن القهوة مفيدة.", "The study proved that coffee is good for you."),
    ("يُعتقد أن المعبد أقدم من المدينة.", "The temple may be older than the town."),
    ("يشتبه بأنه هرّب السلاح.", "He allegedly smuggled arms."),
    ("قرأ قصيدة «السلام».", "He read the poem Peace."),
    ("سيارة «حمراء» في الشارع", "a red car in the street"),
    # charged words
    ("انتقل المستوطن الأول إلى الجزيرة.", "The first settler moved to the island."),
    ("الملاريا مرض مستوطن في المنطقة.", "Malaria is endemic in the region."),
    ("نجا من محاولة لاغتياله.", "He survived an assassination attempt."),
    ("أي جهة أشرفت على الانتخابات؟", "Which entity oversaw the election?"),
    ("", "He did not say so."),
    ("لم يقل ذلك.", ""),
]

BROKEN = [
    ("negation", "لم يحضر الوزير الاجتماع.", "The minister attended the meeting.", "لم", None),
    ("negation", "حضر الوزير الاجتماع.", "The minister did not attend the meeting.", None, "not"),
    ("negation", "لَمْ يحضر الوزير الاجتماع.", "The minister attended the meeting.", "لَمْ", None),
    ("negation", "ولن تُرفع الأسعار هذا العام.", "Prices will be raised this year.", "ولن", None),
    ("negation", "ليست الأزمة مالية.", "The crisis is financial.", "ليست", None),
    ("negation", "نفت الوزارة وقوع خسائر.", "The ministry confirmed losses.", "نفت", None),
    ("negation", "أنكر المتهم صلته بالجريمة.", "The accused confirmed his link to the crime.", "أنكر", None),
    ("negation", "أكدت الوزارة وقوع خسائر.", "The ministry denied losses.", None, "denied"),
    ("negation", "وصل الوفد إلى عدن.", "The delegation never arrived in Aden.", None, "never"),
    ("negation", "عاد المنتخب دون خسارة.", "The team came home with a defeat.", "دون", None),
    ("negation", "لا أحد يعرف السبب.", "Everyone knows the reason.", "لا", None),
    ("negation", "الغاز غير مرئي.", "The gas is not invisible.", None, "not"),
    ("negation", "حضر ثلاثة نواب فقط.", "Only three deputies did not attend.", None, "not"),
    ("negation", "رفض النواب مشروع القانون.", "The deputies approved the bill.", "رفض", "approved"),
    ("negation", "وافق النواب على المشروع.", "The deputies rejected the bill.", "وافق", "rejected"),
    ("negation", "انخفضت أسعار القمح.", "Wheat prices rose.", "انخفضت", "rose"),
    ("negation", "فاز المرشح بالرئاسة.", "The candidate lost the presidency.", "فاز", "lost"),
    ("negation", "أفرجت الشرطة عن الصحفي.", "Police arrested the journalist.", "أفرجت", "arrested"),
    ("negation", "وصف المحامي الاعتقال بأنه غير شرعي.", "The lawyer called the arrest legal.", "غير شرعي", "legal"),
    ("attribution", "يُزعم أنه زوّر العقد.", "He forged the contract, says the charge.", "يُزعم", None),
    ("attribution", "زعمت النيابة أنه زوّر العقد.", "The prosecutors sued; he forged the deed.", "زعمت", None),
    ("attribution", "يشتبه بأنه هرّب السلاح.", "He smuggled the arms.", "يشتبه", None),
    ("attribution", "يُعتقد أن اللوحة مزورة.", "The painting is a forgery.", "يُعتقد أن", None),
    ("attribution", "قالت الطبيبة إن الدواء آمن.", "The doctor proved that the drug is safe.", "قالت", None),
    ("attribution", "انهار الجسر فجأة.", "The bridge collapsed suddenly, a union leader claimed.", None, "claimed"),
    ("attribution", "احتفلت القرية بيوم «الانتصار».", "The village celebrated its day of victory.", "«الانتصار»", None),
    ("wording", "اجتمعت الحكومة الإيرانية أمس.", "The Iranian regime met yesterday.", None, "regime"),
    ("wording", "أحرق المستوطنون أشجار الزيتون.", "Residents burned olive trees.", "المستوطنون", None),
    ("attribution", "قال الوزير إن الخطة جاهزة.", "The plan is ready.", "قال", None),
    ("attribution", "وفقاً للشرطة فر الجاني.", "The perpetrator fled.", "وفقاً للشرطة", None),
    ("attribution", "فر الجاني من المدينة.", "The perpetrator fled the city, police said.", None, "said"),
    ("attribution", "زعم المدير أن الخطة جاهزة.", "The director confirmed that the plan was ready.", "زعم", None),
    ("attribution", "اتهم الوزير المعارضة بالتحريض.", "The opposition incited, the minister said.", "اتهم", None),
    ("attribution", "انتقد الوزير المعارضة.", "The minister accused the opposition.", None, "accused"),
    ("attribution", "سرق الرجل المصرف.", "The man allegedly robbed the bank.", None, "allegedly"),
    ("attribution", "وأضافت أن الخطة جاهزة.", "He added that the plan was ready.", "وأضافت", "He added"),
    ("attribution", "وقال إن الخطة جاهزة.", "She said the plan was ready.", "وقال", "She said"),
    ("attribution", "قال: «لقد أنجزنا كل ما وعدنا به الناخبين».", "He said they had done what they promised.",
     "«لقد أنجزنا كل ما وعدنا به الناخبين»", None),
    ("attribution", "قال إنهم أنجزوا ما وعدوا به.", 'He said: "We have done all that we promised."', None,
     '"We have done all that we promised."'),
    ("wording", "دخلت قوات الاحتلال القرية.", "Troops entered the village.", "الاحتلال", None),
    ("wording", "سقط ثلاثة شهداء في القصف.", "Three people were killed in the shelling.", "شهداء", None),
    ("wording", "استشهد ثلاثة برصاص الجيش.", "Three people died by the army's bullets.", "استشهد", None),
    ("wording", "استشهد ثلاثة أشخاص في القصف.", "Three people died in the shelling.", "استشهد", None),
    ("wording", "قتل ثلاثة أشخاص في القصف.", "Three people were martyred in the shelling.", None, "martyred"),
    ("wording", "هاجم مسلحون الثكنة.", "Terrorists attacked the barracks.", None, "Terrorists"),
    ("wording", "هاجم إرهابيون الثكنة.", "Gunmen attacked the barracks.", "إرهابيون", None),
    ("wording", "أدان البيان العدوان على القرية.", "The statement condemned the attack.", "العدوان", None),
    ("wording", "عقد الجيش اجتماعاً.", "The militia held a meeting.", None, "militia"),
    ("wording", "سقط النظام السوري في أسبوعين.", "The Syrian government fell in two weeks.", "النظام السوري", None),
    ("wording", "زار الرئيس البرلمان.", "The head of the regime visited parliament.", None, "regime"),
    ("wording", "وصف ما جرى بأنه إبادة جماعية.", "He described what happened as violence.", "إبادة جماعية", None),
    ("wording", "وقعت مجزرة في القرية.", "An incident took place in the village.", "مجزرة", None),
    ("wording", "وقعت حادثة في القرية.", "A massacre took place in the village.", None, "massacre"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), KEPT)
def test_what_is_kept_in_any_form_is_not_flagged(source: str, target: str) -> None:
    assert [flag.message for flag in check(source, target)] == []


@pytest.mark.parametrize(("kind", "source", "target", "ours", "theirs"), BROKEN)
def test_what_was_dropped_or_added_is_flagged_where_it_is(
    kind: str, source: str, target: str, ours: str | None, theirs: str | None
) -> None:
    (flag,) = check(source, target)
    assert flag.kind == kind
    assert (flag.source_span and source[slice(*flag.source_span)]) == ours
    assert (flag.target_span and target[slice(*flag.target_span)]) == theirs


def test_a_claim_that_is_only_said_is_less_grave_than_one_that_became_a_fact() -> None:
    severities = [
        flag.severity
        for target in ("The director said the plan was ready.", "The plan is ready.")
        for flag in check("زعم المدير أن الخطة جاهزة.", target)
    ]
    assert severities == ["warning", "error"]


def test_of_two_denials_the_dropped_one_is_marked() -> None:
    source = "لم يحضر الوزير اجتماع الحكومة صباح أمس في العاصمة، ولن يسافر غداً."
    (flag,) = check(
        source, "The minister attended the cabinet meeting in the capital, and he will not travel tomorrow."
    )
    assert flag.source_span == (0, 2)
    (flag,) = check(source, "The minister did not attend the cabinet meeting in the capital; he will travel tomorrow.")
    assert flag.source_span is not None
    assert source[slice(*flag.source_span)] == "ولن"


def test_true_translations_are_hardly_flagged(data: Path) -> None:
    texts = ((data / "dev" / f"flores-dev.{lang}").read_text(encoding="utf-8").splitlines() for lang in ("ar", "en"))
    flagged = [number for number, pair in enumerate(zip(*texts, strict=True), 1) if list(check(*pair))]
    assert len(flagged) <= 12


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text(max_size=60) | st.text('لم ا قال«»\u064b\u0640"', max_size=60), st.text('not said"“” ’İß', max_size=60))
def test_nothing_crashes_and_spans_hold(source: str, target: str) -> None:
    for flag in check(source, target):
        assert flag.source_span is None or source[slice(*flag.source_span)]
        assert flag.target_span is None or target[slice(*flag.target_span)]


def test_html_entities_are_read_as_what_they_stand_for() -> None:
    assert list(check("لن تُرفع الأسعار.", "Prices won&#39;t be raised.")) == []
    target = "Prices were raised &amp; they &quot;won&#39;t&quot; fall, R&D."
    (flag,) = check("رُفعت الأسعار.", target)
    assert flag.target_span is not None
    assert target[slice(*flag.target_span)] == "won&#39;t"


def test_what_is_not_english_is_not_read() -> None:
    assert list(check("لم يقل الوزير ذلك.", "؟ …")) == []
    assert list(check("لم يقل الوزير ذلك.", "لم يقل الوزير ذلك.")) == []


@pytest.mark.parametrize(
    ("source", "target"), [("لا يزال لم ", "no longer not "), ("قال ", "said "), ('"ا ب ', '"a b ')]
)
def test_a_long_text_takes_linear_time(source: str, target: str) -> None:
    began = time.process_time()
    list(check(source * 10_000, target * 10_000))
    assert time.process_time() - began < 6
