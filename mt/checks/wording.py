"""Charged words: one side calls it so, the other does not. The translator takes no side, and the reader must see it.

A flag says only that the two texts differ in the word; which word is right is not for a program to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mt.checks.cues import NOUN, Folded, arabic, english
from mt.document import Flag

_SOFTENED = "The source uses a charged word here, “{}” ({}); the translation does not say so."
_SHARPENED = "“{}” is a charged word; the source does not use it. The translation takes a side here."


@dataclass(frozen=True, slots=True)
class Charge:
    """A charged word in both languages."""

    meaning: str
    arabic: re.Pattern[str]  # the charged word itself; softened if the target has no `english`
    english: re.Pattern[str]
    grounds: re.Pattern[str]  # what in a source may rightly become `charged`
    charged: re.Pattern[str]  # what in a target needs grounds


def _charge(
    meaning: str, words: str, english_words: str, charged: str = "", grounds: str = "", phrase: str = ""
) -> Charge:
    """`charged` are the English words where it is not given; the Arabic words and the phrase are grounds too."""
    phrases = [phrase] if phrase else []
    return Charge(
        meaning,
        arabic(words, *phrases, clitics=NOUN),
        english(english_words),
        arabic(f"{words} {grounds}", *phrases, clitics=NOUN),
        english(charged or english_words),
    )


_CHARGES = (
    _charge(
        "martyr", "شهيد شهيدا شهيدة شهداء شهيدين", "martyr*", "martyr*", "شهادة استشهد* استشهاد* شهدا* ~ستشهد* فدائي*",
        # with «ب» it is "cited", but «برصاص» is "by bullets"
        r"(?:استشهاد|استشهد|استشهدت|استشهدوا)\b(?!\s+(?:\w+\s+){0,2}ب(?!رصاص|نيران|قصف|غار|شظايا|انفجار|صاروخ))",
    ),
    _charge(
        "terrorism", "ارهاب ارهابي ارهابية ارهابيا ارهابيين ارهابيون ارهابيات", "terror*", "terrorist* terrorism",
        "ارهاب* ~رهب*",
    ),
    _charge(
        "militia", "ميليشيا ميليشيات مليشيا مليشيات", "militia*", "militia*", "ميليشي* مليشي* ميلشي* مسلح* فصائل",
    ),
    _charge(
        "aggression",
        "عدوان عدوانا عدوانية", "aggress* hostil*", "aggression aggressor*", "عدائي* اعتداء* معتد* عدوان*",
    ),
    _charge(
        "massacre", "مجزرة مجازر مذبحة مذابح", "massacre* slaughter slaughters slaughtered carnage bloodbath* butcher*",
        "massacre* slaughtered carnage bloodbath*", "ذبح* ~ذبح* سفك*",
    ),
    _charge("genocide", "", "genocid* exterminat* annihilat*", "genocid*", "ابادة* ~بيد*", r"ابادة\s+(?:ال)?جماعية"),
    _charge("ethnic cleansing", "", "cleansing", "cleansing", "تطهير* ~طهر* تنظيف* تنقي*", r"تطهير\s+(?:ال)?عرقي"),
    _charge("mercenary", "مرتزقة مرتزق", "mercenar*", grounds="مرتزق* ماجور*"),
    _charge(
        "traitor",
        "خائن خونة خائنا خائنين", "trait* treason* treach* betray* disloyal* unfaithful", "traitor* treason*",
        "خيانة* ~خون* خان* تخوين* غدر*",
    ),
    _charge("Zionist", "صهيوني صهيونية صهاينة", "zionis*", grounds="صهيون*"),
    _charge(
        "entity, for a state", "", "entity", r"(?:zionist|israeli|occupying|illegal)\sentity",
        "كيان* جهة جهات هيئة هيئات مؤسس* منش* شرك* وحدة",
        r"كيان\s+(?:ال)?(?:صهيوني|اسرائيلي|محتل|غاصب)",
    ),
    _charge(
        "occupation", "احتلالا احتلالية", "occup*", "occupation occupier*",
        "محتل* ~حتل* احتلال* مهنة مهن* وظيفة وظائف شغل* حرفة حرف عمل*",
        r"احتلال\b(?!\s+(?:هذ|(?:ال)?(?:مركز|مرتب|مكان|صدار)))",  # of a place in a ranking, or still to come
    ),
    _charge(  # of plants and diseases «مستوطن» is endemic
        "settlement", "مستوطنة مستوطنات مستوطنين مستوطنون استيطان استيطاني استيطانية",
        "settl* coloni* outpost* endemic indigenous native inhabit*", "settler*",
        "مستوطن* استيطان* استعمار* مستعمر* ~ستقر* ~ستوطن* مهاجر* معمر*",
    ),
    _charge(
        "regime", "", "regime*", "regime*", "نظام* انظمة نظم* حكم حكمه حكمها عهد* حمية ريجيم",
        r"نظام\s+(?:(?:ال)?(?:سوري|ايراني|حاكم|بائد|ديكتاتوري|دكتاتوري|قمعي|استبدادي)|الاسد|القذافي|صدام|مبارك|البشير|الملالي)",
    ),
    _charge(
        "extremist", "متطرف متطرفا متطرفين متطرفون متطرفة تطرف", "extrem* radical* fanatic*", "extremist* extremism",
        "متشدد* اصولي* غلا* راديكالي* تطرف* متطرف*",
    ),
    _charge("tyrant", "طاغية طغاة طغيان", "tyran* despot* dictator*", "tyrant* tyranny", "استبداد* مستبد* طغ* ظالم*"),
    _charge(
        "dictator", "ديكتاتور* دكتاتور*", "dictator* autocra* tyran*", "dictator dictators dictatorship*",
        "استبداد* مستبد* طاغية طغاة",
    ),
    _charge(
        "infidel", "كفار كافر كفرة", "infidel* unbeliever* disbeliever* kafir* heathen* pagan*", "infidel*",
        "كفر* تكفير* ملحد*",
    ),
    _charge(
        "assassination", "اغتيال اغتيالات اغتيل", "assassin* murder* hits", "assassinat*",
        "~غتال* اغتال* اغتيال* اغتيل* ~غتيل*",
    ),
    _charge(
        "rebel", "متمرد متمردون متمردين متمردة متمردو متمردي", "rebel* insurgen* mutin* renegade* revolt* defect*",
        "rebels insurgent*",
        "تمرد* ~تمرد* ثوار ثائر* معارض* ثورة مقاتل*",
    ),
    _charge(
        "savage, brutal", "وحشي وحشية همجي همجية",
        "brutal* savag* barbar* cruel* vicious* atroc* feroc* wild* monstr* inhuman*", "brutally savagely barbaric",
        "قاس* قسوة عنيف* عنف شرس* شراسة دموي* فظ* وحش* مبرح* بربري*",
    ),
    _charge(
        "so-called, alleged",
        "مزعوم مزعومة", "so-called alleg* purport* suppos* claim* ostensib* pretend*", "so-called",
        "~سم* مسم* ~دع* ~عرف* ~طلق* ~قال لقب* ~لقب* اسم باسم زعم ~زعم*",
    ),
)  # fmt: skip


def check(ours: Folded, theirs: Folded) -> Iterator[Flag]:
    """A flag for each charged word that only one side has."""
    for charge in _CHARGES:
        softened = ours.find(charge.arabic)
        if softened and not theirs.find(charge.english):
            message = _SOFTENED.format(ours.quote(softened[0]), charge.meaning)
            yield Flag("wording", "warning", message, source_span=softened[0])
        sharpened = theirs.find(charge.charged)
        if sharpened and not ours.find(charge.grounds):
            message = _SHARPENED.format(theirs.quote(sharpened[0]))
            yield Flag("wording", "warning", message, target_span=sharpened[0])
