"""Arabic duals that count: two of what articles count, told by an ending alone.

A dual is counted where English must say "two", "both" or "a pair": indefinite, of a noun that is here. The definite
one, with ال or before its owner, often becomes a plain plural ("the sides", "his hands"), and adjectives only repeat
the ending. After ين the last nouns may be any number (لاعبين), so that they count in ان only.
"""

from __future__ import annotations

from mt.quantities.numerals import INDEFINITE, bare
from mt.quantities.text import Text

# without their ة
_FEMININE = (
    "طائر سيار حافل شاحن دراج سفين دباب ناقل عرب قذيف قنبل رصاص طلق غار ضرب جث ضحي إصاب شظي عبو مدين قري بلد "
    "محافظ ولاي دول قار جزير منطق ضاحي ساح محط قاعد مدرس جامع كلي غرف شق شرف قاع صال ناف بواب حديق مزرع بحير "
    "قنا شرك مؤسس منظم وكال وزار محكم هيئ لجن جمعي نقاب صحيف مجل رسال وثيق صفح صور لوح قص رواي قصيد مسرحي كلم "
    "جمل لغ عبار فكر مسأل مشكل قضي تهم عقوب محاول تجرب مباريا مبارا مجموع حلق جول رحل زيار حمل عملي دور مرحل "
    "فتر حقب نسخ قطع علب زجاج حقيب بطاق ورق ميدالي جائز تمرير ركل نقط درج خطو حرك وجب كعك ملعق حب جرع خلي ذر "
    "عدس طبق فئ سلال قط بقر نعج ناق امرأ فتا طفل ابن أخ زوج عائل أسر شقيق ممثل طالب موظف صحفي طبيب ممرض إجاب "
    "نتيج فائد طريق وسيل إشار شهاد مقابل مكالم دعو توصي فقر ماد نصيح جلس قم مسير مظاهر وقف موج هز كارث أزم "
    "عاصف قصف حمام بيض نجم مر ثغر حفر جه جبه قو كتيب فرق سري دوري شبك خلا خان منص صفق قرض منح حص غرام جريم "
    "رهين عم خال شجر"
)
_MASCULINE = (
    "شعاع شخص رجل طفل ولد جندي ضابط قتيل جريح شهيد نائب وزير رئيس قائد حارس طبيب شاب زوج أخو شقيق صديق توأم قاضي "
    "حليف شريك خصم رهين أسير هدف صاروخ انفجار هجوم اعتداء تفجير منزل مبنى مبني مسجد مستشفي فندق مصنع مصرف "
    "بنك متجر مطعم مطار ميناء جسر طريق شارع خط نفق مخيم معسكر موقع مكان كتاب مقال تقرير بيان مقعد كرسي صوت حزب "
    "فريق نادي لقب كأس قسم نوع صنف شكل لون حجم رقم عدد مثال سبب خيار حل شرط قرار قانون اتفاق عقد مشروع برنامج "
    "ملف تحقيق حكم عنوان سؤال جواب خطاب اجتماع لقاء مؤتمر يوم موسم عصر حرف اسم سطر فصل باب مجلد فيلم مسلسل عرض "
    "حفل جهاز هاتف حاسوب محرك مفتاح قمر نجم كوكب جسيم عنصر مصدر مسار اتجاه طابق مستوي قطار قارب زورق حصان كلب "
    "أسد فيل طائر عصفور نهر جبل حساب بند مقطع شوط مسدس سكين حجر إلكترون بروتون تفسير تعريف محور جناح شيئ جزئ "
    "جزأ بنت أخت حرب بئر مركب"
)
_IN_AN_ONLY = (
    "بيت شرطي مدني لاعب صحفي صحافي مسلح فلسطيني إسرائيلي عامل مسؤول مواطن مهاجر مصور موظف راكب مسافر سجين معلم "
    "مهندس محتج متظاهر مقاتل جانح باحث عالم مدرب متهم مرشح محتجز سائق شاهد ممثل"
)
_AGREEING = ("مختلف", "منفصل", "متناقض", "متضاد", "متشابه", "متعاكس", "متقابل", "متباعد", "متنافس")  # "A and B differ"


_NOUNS = {stem + "ت" + ending for stem in bare(_FEMININE).split() for ending in ("ان", "ين")}
_NOUNS |= {stem + ending for stem in bare(_MASCULINE).split() for ending in ("ان", "ين")}
_NOUNS |= {stem + "ان" for stem in bare(_IN_AN_ONLY).split()}
_NOUNS -= {"اخوان"}  # brothers
_DUALS = {clitics + noun for clitics in INDEFINITE for noun in _NOUNS}


def counts_two(text: Text, i: int) -> bool:
    """Is token `i` a dual that English must count?

    Not after "between", nor of two that differ, nor one that says again what the dual before it has said («طائرتين
    مسيرتين», «السؤالان سؤالان»).
    """
    word, before = text.at(i).text, text.at(i - 1)
    if word not in _DUALS or before.text in ("بين", "وبين"):
        return False
    if any(text.at(j).role == "unit" and text.at(j).value == 2 for j in (i + 1, i + 2)):  # بنكين اثنين
        return False
    if text.at(i + 1).text == "عقد":  # «زوجين عقد قرانهما»: a verb
        return False
    repeats = before.text in _DUALS or (before.text.startswith("ال") and before.text.endswith(("ان", "ين")))
    return not ((repeats and word in _NOUNS) or text.at(i + 1).text.startswith(_AGREEING))
