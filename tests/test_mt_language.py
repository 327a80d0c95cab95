"""The sentences below were written for this test, in the manner of news."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.document import Flag
from mt.errors import UnsupportedLanguage
from mt.language import Language, check_arabic, identify

FOREIGN = {
    "Persian": (
        "رئیس جمهور ایران روز سه‌شنبه در دیدار با وزیر خارجه روسیه بر گسترش همکاری‌های اقتصادی دو کشور تأکید کرد.",
        "به گزارش خبرگزاری‌ها، قیمت نفت در بازارهای جهانی پس از اعلام این تصمیم سه درصد افزایش یافت.",
        "سخنگوی دولت گفت که بودجه سال آینده تا پایان ماه به مجلس ارائه خواهد شد.",
        "زلزله‌ای به بزرگی پنج و چهار دهم ریشتر شهرهای غربی کشور را لرزاند و ده‌ها نفر زخمی شدند.",
        "تیم ملی فوتبال در دومین بازی خود با نتیجه دو بر یک پیروز شد.",
        "پژوهشگران دانشگاه تهران داروی تازه‌ای برای درمان این بیماری آزمایش می‌کنند.",
        "مردم در اعتراض به گرانی نان در برابر ساختمان استانداری جمع شدند.",
        "هوای پایتخت فردا ابری و همراه با بارش پراکنده باران پیش‌بینی می‌شود.",
    ),
    "Urdu": (
        "وزیراعظم نے منگل کے روز اسلام آباد میں چین کے وزیر خارجہ سے ملاقات کی اور دوطرفہ تعلقات پر بات چیت کی۔",
        "حکومت نے پٹرول کی قیمت میں دس روپے فی لیٹر اضافہ کر دیا ہے۔",
        "عدالت نے مقدمے کی سماعت اگلے ہفتے تک ملتوی کر دی۔",
        "شدید بارشوں کے باعث کراچی کی کئی سڑکیں زیر آب آ گئیں۔",
        "پاکستان کی ٹیم نے دوسرے میچ میں آسٹریلیا کو پانچ وکٹوں سے شکست دے دی۔",
        "وزیر خزانہ کا کہنا ہے کہ نیا بجٹ عوام کی مشکلات کم کرے گا۔",
        "پولیس کے مطابق حادثے میں تین افراد ہلاک اور سات زخمی ہوئے۔",
        "سائنس دانوں نے اس بیماری کے علاج کے لیے نئی دوا تیار کی ہے۔",
    ),
    "Kurdish (Sorani)": (
        "سەرۆکی هەرێمی کوردستان لەگەڵ وەزیری دەرەوەی فەرەنسا کۆبووەوە و باسیان لە پەیوەندییە ئابوورییەکان کرد.",
        "حکومەت بڕیاری دا مووچەی فەرمانبەران پێش کۆتایی مانگ دابەش بکات.",
        "نرخی نەوت لە بازاڕەکانی جیهاندا بە ڕێژەی سێ لە سەد بەرز بووەوە.",
        "لە ئەنجامی ڕووداوێکی هاتوچۆدا چوار کەس بریندار بوون.",
        "پەرلەمان دوێنێ پڕۆژەیاسای بودجەی پەسەند کرد.",
        "یانەی هەولێر لە یاری دووەمدا بە دوو گۆڵ بەرامبەر یەک سەرکەوت.",
        "کەشناسی ڕایگەیاند سبەینێ باران دەبارێت و پلەکانی گەرما دادەبەزن.",
        "هەزاران خوێندکار لە زانکۆی سلێمانی دەستیان بە خوێندن کرد.",
    ),
    "Pashto": (
        "د افغانستان ولسمشر نن په کابل کې د روسیې د بهرنیو چارو له وزیر سره وکتل.",
        "حکومت وايي چې د سوداګرۍ د پراختیا لپاره به نوې لارې پرانیستل شي.",
        "په هلمند کې د سېلابونو له امله لس تنه مړه او شل نور ټپیان شوي دي.",
        "د ملګرو ملتونو استازي د جګړې د پای ته رسولو غوښتنه وکړه.",
        "پوهان وايي چې دا درمل به د ناروغۍ په درملنه کې مرسته وکړي.",
        "د ښوونځیو زده کوونکي به راتلونکې اونۍ خپل درسونه پیل کړي.",
        "د تېلو بیه په نړیوالو بازارونو کې درې سلنه لوړه شوه.",
        "ملي لوبډلې دوهمه لوبه دوه پر یوه وګټله.",
    ),
    "Uyghur": (
        "شىنجاڭ ئۇيغۇر ئاپتونوم رايونىنىڭ پايتەختى ئۈرۈمچى شەھىرىدە يېڭى زاۋۇت قۇرۇلدى.",
        "ھۆكۈمەت كېلەر يىللىق خىراجەت پىلانىنى ئېلان قىلدى.",
        "بۈگۈن ھاۋا بۇلۇتلۇق بولۇپ، كەچتە يامغۇر ياغىدۇ.",
        "ئالىملار بۇ كېسەلنى داۋالاش ئۈچۈن يېڭى دورا تەتقىق قىلماقتا.",
    ),
    "Sindhi": (
        "وڏي وزير ڪراچي ۾ چين جي سفير سان ملاقات ڪئي ۽ ٻنهي ملڪن جي لاڳاپن تي ڳالهه ٻولهه ڪئي.",
        "سنڌ حڪومت اسڪولن جي استادن لاءِ نئين رٿا جو اعلان ڪيو آهي.",
        "تيز برساتن سبب ڪيترن ئي ڳوٺن ۾ پاڻي گڏ ٿي ويو.",
        "پوليس موجب حادثي ۾ ٽي ماڻهو فوت ۽ ست زخمي ٿيا.",
    ),
}
DIALECTS = (
    "النهارده الصبح الناس كلها كانت واقفة في الطابور علشان تجيب عيش ومحدش عارف هيفتح امتى.",
    "شو صار معك مبارح؟ ما قدرت إحكي معك لأنه التلفون كان مسكر.",
    "واش كاين شي جديد فهاد القضية ولا مازال كنتسناو حتى يهضر الوزير؟",
    "شلونكم يا جماعة، چان الجو حار هواي اليوم وما بيه كهرباء من الصبح.",
    "والله يا خوي ما أدري وش السالفة بس يقولون إن الشارع مسكر من أمس.",
    "برشا ناس يحبوا يمشيو للبحر اما السخانة ياسر قوية في تونس.",
    "ڭالو لينا بلي الماتش تأجل حيت الشتا كانت قوية بزاف فكازا.",
)
ARABIC = (
    "قالت صحيفة لو فيغارو إن شركة ڤولڤو ستفتح مصنعا في ڤيينا، وقال مديرها گونتر إن العمل يبدأ في الربيع.",
    "التقى الوزير نظيره الإيراني محمد جواد ظریف والمتحدث سعید خطیب زاده في طهران لبحث الملف النووي.",
    "أعلنت شرکة النفط الوطنية أن الإنتاج سیرتفع إلى مليوني برميل یومیا خلال العام الحالی.",
    "وَقَالَ الرَّئِيسُ إِنَّ الْحُكُومَةَ سَتَعْمَلُ عَلَى تَحْسِينِ الْخِدْمَاتِ فِي كُلِّ الْمُحَافَظَاتِ.",
    "الدوري الإنجليزي: ليفربول وتشيلسي وآرسنال ومانشستر سيتي ونيوكاسل وأستون فيلا وبرايتون وفولهام وإيفرتون وبرينتفورد",
    "اسعار العملات اليوم دولار يورو استرليني ين فرنك دينار ريال درهم ليرة",
    "ميسي رونالدو نيمار مبابي هالاند صلاح دي بروين مودريتش كروس بنزيما",
)
PERSIAN_KEYBOARD = (
    "أعلن قائد الثوره الاسلامیه فی ایران ان بلاده لن تتفاوض "
    "تحت الضغط وقال ان الشعب الایرانی سیواصل مسیره التقدم والعداله فی کل المجالات."
)
ENGLISH = "The minister said on Tuesday that the two countries would sign an agreement on gas next month."
SENTENCES = [(name, sentence) for name, sentences in FOREIGN.items() for sentence in sentences]


@pytest.mark.parametrize(("name", "sentence"), SENTENCES)
def test_a_sentence_in_another_language_of_the_script_is_refused_by_name(name: str, sentence: str) -> None:
    with pytest.raises(UnsupportedLanguage, match=f"^article.txt is not in Arabic: it looks like {name[:7]}"):
        check_arabic(sentence, "article.txt")
    assert identify(sentence).name == name


@pytest.mark.parametrize("sentence", [*DIALECTS, *ARABIC])
def test_arabic_of_any_country_is_accepted(sentence: str) -> None:
    assert check_arabic(sentence, "article.txt") is None
    assert identify(sentence).code == "ar"


@pytest.mark.parametrize("sentence", [*DIALECTS, *ARABIC, *(sentence for _, sentence in SENTENCES)])
def test_a_headline_of_three_words_is_never_refused(sentence: str) -> None:
    headline = " ".join(sentence.split()[:3])
    flag = check_arabic(headline, "headline")
    assert flag is None or (flag.kind, flag.severity) == ("language", "warning")


def test_most_headlines_in_another_language_are_flagged() -> None:
    flags = [check_arabic(" ".join(sentence.split()[:3]), "headline") for _, sentence in SENTENCES]
    assert sum(flag is not None for flag in flags) >= 0.85 * len(flags)


def test_persian_with_arabic_letters_is_found_where_it_is_long() -> None:
    text = " ".join(FOREIGN["Persian"]).replace("ی", "ي").replace("ک", "ك").replace("\u200c", "")
    with pytest.raises(UnsupportedLanguage, match="Persian"):
        check_arabic(text, "article.txt")


def test_arabic_from_a_persian_keyboard_is_flagged_but_translated() -> None:
    message = "This may be Persian instead of Arabic; then its translation is wrong."
    assert check_arabic(PERSIAN_KEYBOARD, "article.txt") == Flag("language", "warning", message)


def test_arabic_with_as_much_english_is_arabic() -> None:
    arabic = "وقال الوزير يوم الثلاثاء إن البلدين سيوقعان اتفاقا في مجال الغاز الطبيعي خلال الشهر المقبل في موسكو."
    assert check_arabic(f"{arabic} {ENGLISH}", "article.txt") is None
    flag = check_arabic(f"{arabic} {ENGLISH * 4}", "article.txt")
    assert flag is not None
    assert "looks like English" in flag.message


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH, "English"),
        (f"{ENGLISH * 3} نعم", "English"),
        ("Президент России встретился во вторник с королём Марокко в Москве.", "Russian"),
        ("ראש הממשלה נפגש ביום שלישי עם שר החוץ בירושלים.", "Hebrew"),
        ("Hello", "text in Latin script"),
        ("今天天气", "text in Chinese script"),
    ],
)
def test_other_scripts_are_refused(text: str, language: str) -> None:
    message = (
        f"input is not in Arabic: it looks like {language}. An Arabic text was expected; give the Arabic original."
    )
    with pytest.raises(UnsupportedLanguage, match=f"^{message}$"):
        check_arabic(text, "input")


@pytest.mark.parametrize("text", ["", " \n", "123 ٤٥ ½", "… «»؟", "🙂", "\ud800", "\u064e\u0651"])
def test_a_text_without_letters_is_no_language_and_passes(text: str) -> None:
    assert identify(text) == Language("zxx", "no language", 1.0)
    assert check_arabic(text, "article.txt") is None


def test_one_foreign_name_is_no_doubt() -> None:
    assert check_arabic("وصل ماكرون إلى ڤيينا", "headline") is None


def test_all_parts_of_a_long_text_count_and_time_is_bounded() -> None:
    arabic, english = " ".join(DIALECTS) * 4000, ENGLISH * 40_000
    identify(ENGLISH), identify(DIALECTS[0])  # loads the model
    start = time.perf_counter()
    assert identify(english + arabic).code == "ar"
    with pytest.raises(UnsupportedLanguage, match="English"):
        check_arabic(arabic[:200] + english, "article.txt")
    assert time.perf_counter() - start < 1


@given(st.text() | st.text("ابيیکگ ـ\u064eaб12\ud800"))
@settings(derandomize=True, deadline=None)
def test_no_text_breaks_it(text: str) -> None:
    language = identify(text)
    assert 0 <= language.certainty <= 1.0001
    assert language.name


def test_importing_it_loads_no_classifier() -> None:
    program = "import sys, mt.language; print('py3langid' in sys.modules, 'numpy' in sys.modules)"
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout == "False False\n"
