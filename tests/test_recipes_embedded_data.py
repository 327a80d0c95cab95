"""recipes/embedded: which pairs are kept, made and spoiled, their terms, and how they become tokens."""

import importlib
import lzma
import string
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from mt.checks import names, numbers
from mt.document import Source, Term
from mt.errors import ConfigError
from mt.terms import MOST_TERMS, load_terms
from mt.tokenizer import PromptTokenizer

ROOT = Path(__file__).resolve().parents[1]
RECIPE = ROOT / "recipes" / "embedded"
TOKENIZER = ROOT / "mt" / "data" / "embedded" / "tokenizer.json"

PEOPLE = [
    ("سليم الحداد", "Salim Haddad"),
    ("ليلى منصور", "Layla Mansour"),
    ("كريم بو زيد", "Karim Bou Zeid"),
    ("ا", "A"),
]
CITIES = [("بنزرت", "Bizerte"), ("دير الزور", "Deir ez-Zor"), ("رقادة", "Raqqādah"), ("جولو، سولو", "Jolo")]
WORDS = [("جسر", "bridge"), ("نهر", "river"), ("قديم", "old"), ("بيت الشعر", "verse")]


def recipe_modules(*names: str) -> list[Any]:
    """Scripts of the recipe as they import each other; their plain names are free again afterwards."""
    sys.path.insert(0, str(RECIPE))
    try:
        return [importlib.import_module(name) for name in names]
    finally:
        sys.path.remove(str(RECIPE))
        for path in RECIPE.glob("*.py"):
            sys.modules.pop(path.stem, None)


pairs, synthetic, hints, noise, examples = recipe_modules("pairs", "synthetic", "hints", "noise", "examples")


def write_parallel(directory: Path, **files: Iterable[tuple[str, ...]]) -> Path:
    directory.mkdir(exist_ok=True)
    for name, rows in files.items():
        text = "".join("\t".join(row) + "\n" for row in rows)
        (directory / f"{name}.tsv.xz").write_bytes(lzma.compress(text.encode(), preset=0))
    return directory


@pytest.fixture(scope="module")
def parallel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_parallel(
        tmp_path_factory.mktemp("parallel"),
        names_people_wikidata=PEOPLE,
        names_cities_geonames=CITIES,
        dict_freedict=WORDS,
        tiny=[("زار الوفد المتحف", "The delegation visited the museum"), ("سطر بلا ترجمة",), ("أُغلق السوق", "Closed")],
    )


# --- pairs


@pytest.mark.parametrize(
    ("arabic", "english", "faithful"),
    [
        ("انتهى الاحتلال عام 1946", "The occupation ended in 1946", True),
        ("انتهى الانتداب عام 1946", "The occupation ended in 1946", False),
        ("مدينة محتلة", "A city under control", False),
        ("سقط ثلاثة شهداء", "Three martyrs fell", True),
        ("سقط ثلاثة شهداء", "Three people were killed", False),
        ("وقع هجوم إرهابي", "An attack took place", False),
        ("وقع هجوم", "A terrorist attack took place", False),
        ("انهار الجسر مساء الأحد", "The bridge collapsed on Sunday evening, the wire reported", False),
        ("انهار الجسر، وفق وكالة محلية", "The bridge collapsed, a local agency reported", True),
        ("سيفتح المتحف غدا", "The museum opens tomorrow", True),
    ],
)
def test_a_pair_is_faithful_if_no_side_alone_is_loaded(arabic: str, english: str, faithful: bool) -> None:
    assert pairs.is_faithful(arabic, english) is faithful


def part(**options: Any) -> Any:
    return pairs.Part("tiny", "ours", **options)


def test_pairs_are_dropped_for_each_reason_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(f"جملة رقم {i}", f"sentence number {i}") for i in range(10)]
    rows += [("كلمة", "word"), ("كلمة " * 61, "three words here"), ("هذا شهيد آخر", "one more of them")]
    monkeypatch.setattr(pairs, "similarities", lambda some: [0.2 if "3" in english else 0.9 for _, english in some])
    kept, dropped = pairs.filtered(part(pairs=4, similarity=0.5), iter(rows))
    assert len(kept) == 4
    assert ("جملة رقم 3", "sentence number 3") not in kept
    assert set(kept) <= set(rows[:10])
    assert dropped["unfaithful"] == 1
    assert dropped["too short or long"] == 2
    assert sum(dropped.values()) + len(kept) == len(rows)
    assert kept == pairs.filtered(part(pairs=4, similarity=0.5), iter(rows))[0]
    assert pairs.filtered(part(words=4), iter(rows))[0] == []


def test_sentence_vectors_tell_a_translation_from_another_sentence() -> None:
    right = ("أغلقت المدارس أبوابها بسبب الثلوج", "Schools closed their doors because of the snow")
    wrong = ("أغلقت المدارس أبوابها بسبب الثلوج", "The team signed a new goalkeeper for two seasons")
    kept, dropped = pairs.filtered(part(similarity=0.5), iter([right, wrong]))
    assert kept == [right]
    assert dropped["not alike"] == 1


def test_a_source_is_written_whole_or_not_at_all_and_once(
    parallel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = [part(), pairs.Part(pairs.SYNTHETIC, "ours", pairs=5)]
    monkeypatch.setattr(pairs, "load_mixture", lambda: parts)
    work = tmp_path / "work"
    arguments = ["pairs.py", "--parallel", str(parallel), "--work", str(work)]
    monkeypatch.setattr(sys, "argv", [*arguments, "--only", "tiny"])
    (work / "pairs").mkdir(parents=True)
    (work / "pairs" / "tiny.part").write_text("زار\tThe", encoding="utf-8")  # of a run that was killed
    pairs.main()
    kept = work / "pairs" / "tiny.tsv"
    assert kept.read_text(encoding="utf-8") == "زار الوفد المتحف\tThe delegation visited the museum\n"
    assert capsys.readouterr().out.startswith("tiny: 1 kept; 0 unfaithful, 1 too short or long")
    kept.write_text("زار\tseen\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", arguments)
    pairs.main()
    assert kept.read_text(encoding="utf-8") == "زار\tseen\n"
    assert [path.name for path in sorted(kept.parent.iterdir())] == ["synth_news.tsv", "tiny.tsv"]
    assert "tiny: already there" in capsys.readouterr().out
    assert (work / "pairs" / "synth_news.tsv").read_text(encoding="utf-8").count("\n") == 5


def test_a_folder_without_the_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"tiny\.tsv\.xz is not there; --parallel names"):
        list(pairs.read_pairs(part(), tmp_path))


def test_every_part_of_the_mixture_says_its_licence() -> None:
    mixture = pairs.load_mixture()
    assert len(mixture) == len({one.name for one in mixture}) == 32
    assert all(one.licence and one.copies >= 1 for one in mixture)
    assert {one.name: one.copies for one in mixture}["ud_pud"] == 3


@pytest.mark.parametrize(
    "text", ["sources: {tiny: {license: ours}}", "sources: {tiny: {pairs: 3}}", "tiny: 3", "- tiny"]
)
def test_a_mixture_that_cannot_be_understood_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mixture.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mixture\.yaml: .*expected sources, each with a licence"):
        pairs.load_mixture(path)


def test_every_file_of_the_data_is_taken_or_left_out_for_a_reason(data: Path) -> None:
    mixture = pairs.load_yaml(pairs.MIXTURE)
    named = {*mixture["sources"], *mixture["left_out"]} - {pairs.SYNTHETIC}
    assert named == {path.name.removesuffix(".tsv.xz") for path in (data / "parallel").glob("*.tsv.xz")}
    assert all(mixture["left_out"].values())


# --- synthetic


@pytest.fixture(scope="module")
def newsroom(parallel: Path) -> Any:
    return synthetic.Newsroom(parallel)


def slots(template: str) -> set[str]:
    fields = [name for _, name, _, _ in string.Formatter().parse(template) if name]
    return {name.partition(".")[0] for name in fields}


def test_both_sides_of_a_template_say_the_same_things(newsroom: Any) -> None:
    assert len(newsroom.templates) > 40
    for arabic, english in newsroom.templates:
        assert slots(arabic) == slots(english), english


def test_what_is_made_has_nothing_to_flag(parallel: Path) -> None:
    terms = load_terms()
    made = list(synthetic.news(parallel, 400, Random(1)))
    assert len(set(made)) == 400
    for arabic, english in made:
        assert not list(numbers.check(arabic, english)), (arabic, english)
        flags = names.check(arabic, english, terms.find(arabic))
        assert [flag.message for flag in flags if flag.severity == "error"] == []
        assert "{" not in arabic + english
        assert "ـ" not in arabic
        assert english[0].isupper() or english[0].isdigit()


def test_names_are_those_that_the_news_would_have(newsroom: Any) -> None:
    assert newsroom.people == PEOPLE[:3]
    assert newsroom.cities == CITIES[:2]
    countries = {english.text: (arabic, english) for arabic, english in newsroom.countries}
    assert len(countries) > 120
    assert "Tibet" not in countries
    assert countries["Mali"][0].text == "مالي"
    assert countries["Uganda"][1].indefinite == "a Ugandan"
    assert countries["Egypt"][1].indefinite == "an Egyptian"
    assert countries["Uzbekistan"][1].indefinite == "an Uzbek"
    assert countries["Iraq"][0].masculine
    assert not countries["Egypt"][0].masculine
    assert countries["South Africa"][0].feminine == "الجنوب أفريقية"
    assert countries["South Korea"][0].feminine == "الكورية الجنوبية"
    assert countries["South Korea"][0].indefinite == "كوري جنوبي"


@pytest.mark.parametrize(
    ("number", "text", "expected"),
    [
        (3, "ثلاثة", "ثلاثة أشخاص"), (10, "10", "10 أشخاص"), (11, "11", "11 شخصا"), (99, "99", "99 شخصا"),
        (100, "100", "100 شخص"), (104, "104", "104 أشخاص"), (245, "245", "245 شخصا"), (12_000, "12 ألف", "12 ألف شخص"),
    ],
)  # fmt: skip
def test_what_is_counted_agrees_with_its_number(number: int, text: str, expected: str) -> None:
    assert f"{synthetic.Count(number, text):شخصا|شخص|أشخاص}" == expected


def test_verbs_agree_and_the_article_joins(newsroom: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"{synthetic.Name('العراق', True):قرر|قررت}" == "قرر العراق"
    assert f"{synthetic.Name('فرنسا'):قرر|قررت}" == "قررت فرنسا"
    arabic, english = synthetic.Country("العراق", True), synthetic.Country("Iraq")
    monkeypatch.setattr(newsroom, "countries", [(arabic, english)] * 3)
    monkeypatch.setattr(newsroom, "templates", [("رئيسا لـ{country}", "{country}")])
    monkeypatch.setattr(synthetic, "ARABIC_DIGITS", 0)
    assert newsroom.pair(Random(0)) == ("رئيسا للعراق", "Iraq")


def test_an_office_has_its_article_where_no_name_follows() -> None:
    france = synthetic.Country("فرنسا", adjective="الفرنسي"), synthetic.Country("France", adjective="French")
    minister = ("وزير الدفاع الفرنسي", "the French defense minister")
    assert synthetic._office(["وزير الدفاع", "Defense Minister"], france) == minister
    assert synthetic._office(["نظيره", "counterpart"], france) == ("نظيره الفرنسي", "his French counterpart")


# --- hints


@pytest.fixture(scope="module")
def found_terms(parallel: Path) -> Callable[[str, str], dict[tuple[str, str], float]]:
    """Every term of a pair with the share of such terms that is given."""
    known = hints.Hints(parallel)
    return lambda arabic, english: dict(known._found(arabic, english))


def test_terms_are_names_that_the_translation_has(found_terms: Any) -> None:
    found = found_terms("وصل وفد من الأمم المتحدة إلى القاهرة", "A delegation of the United Nations arrived in Cairo")
    assert found == {("الأمم المتحدة", "United Nations"): hints.KNOWN, ("القاهرة", "Cairo"): hints.KNOWN}


def test_the_form_that_the_translation_has_is_the_one_given(found_terms: Any) -> None:
    assert found_terms("رحبت الأمم المتحدة", "The UN welcomed it") == {("الأمم المتحدة", "UN"): hints.KNOWN}
    assert found_terms("زار كوريا الشمالية", "On N. Korea") == {
        ("كوريا الشمالية", "N. Korea"): hints.KNOWN
    }  # not Korea


def test_some_terms_are_not_what_the_translation_says(found_terms: Any) -> None:
    assert found_terms("وصل إلى القاهرة", "He reached the capital") == {("القاهرة", "Cairo"): hints.UNSUPPORTED}


def test_a_name_that_no_list_has_is_heard_in_the_translation(found_terms: Any) -> None:
    found = found_terms("والتقى بفلنتغراد هناك", "There he met Flintgrad again")
    assert found == {("فلنتغراد", "Flintgrad"): hints.HEARD}
    assert found_terms("من فلنتغراد", "He met Flintgrad's mayor") == {("فلنتغراد", "Flintgrad"): hints.HEARD}
    assert found_terms("والتقى بفلنتغراد هناك", "Flintgrad met him") == {}  # any sentence begins with a capital


def test_the_alef_of_an_article_is_restored(found_terms: Any) -> None:
    assert found_terms("قال للقاهرة", "He told Cairo so") == {("القاهرة", "Cairo"): hints.KNOWN}
    assert found_terms("قدم طلبا للفلنتغراد", "A request to Flintgrad") == {("الفلنتغراد", "Flintgrad"): hints.HEARD}


def test_words_are_those_of_the_dictionary(found_terms: Any) -> None:
    assert found_terms("والجسر مغلق", "And the Bridge is closed") == {("والجسر", "Bridge"): hints.WORDS}
    assert found_terms("والجسر مغلق", "And it is closed") == {}


def test_a_share_is_left_out_and_a_prompt_has_its_limit(parallel: Path) -> None:
    known, rng = hints.Hints(parallel), Random(4)
    one = [known.pick("وصل إلى القاهرة", "He reached Cairo", rng) for _ in range(600)]
    assert sum(map(bool, one)) / 600 == pytest.approx(hints.KNOWN, abs=0.06)
    arabic, english = (
        "مصر وفرنسا وألمانيا وإيطاليا وإسبانيا واليابان والصين والهند وكندا والبرازيل واليونان وتركيا",
        ("Egypt, France, Germany, Italy, Spain, Japan, China, India, Canada, Brazil, Greece and Turkey"),
    )
    many = [known.pick(arabic, english, Random(seed)) for seed in range(30)]
    assert max(map(len, many)) == MOST_TERMS
    assert many[3] == known.pick(arabic, english, Random(3))
    twice = known.pick("من القاهرة إلى القاهرة", "From Cairo to Cairo", Random(1))
    assert twice == [("القاهرة", "Cairo")]


# --- noise


class Rigged(Random):
    """Says what it is told to, in turn."""

    def __init__(self, *values: float) -> None:
        super().__init__(0)
        self.values = list(values)

    def random(self) -> float:
        return self.values.pop(0)

    def randrange(self, *_: Any) -> int:
        return int(self.values.pop(0))

    def randint(self, *_: Any) -> int:
        return int(self.values.pop(0))


@pytest.mark.parametrize(
    ("kind", "word", "letter", "expected"),
    [
        (0.2, 0, 1, "مددرسة إلى مبنى"), (0.4, 0, 1, "مرسة إلى مبنى"), (0.5, 0, 0, "مدرسه إلى مبنى"),
        (0.5, 1, 0, "مدرسة الى مبنى"), (0.65, 2, 0, "مدرسة إلى مبني"), (0.75, 0, 1, "مردسة إلى مبنى"),
        (0.85, 0, 0, "مدرسةإلى مبنى"), (0.85, 2, 0, "مدرسة إلى مبنى"), (0.95, 0, 0, "مدرسة إلى مبنى"),
    ],
)  # fmt: skip
def test_a_slip_is_one_that_typists_make(kind: float, word: int, letter: int, expected: str) -> None:
    assert noise.noisy("مدرسة إلى مبنى", Rigged(0, 1, word, kind, letter)) == expected


def test_most_sources_stay_as_they_are() -> None:
    rng, text = Random(9), "ارتفعت أسعار القمح في الأسواق العالمية"
    changed = sum(noise.noisy(text, rng) != text for _ in range(3000))
    assert 0.10 < changed / 3000 < noise.NOISY


@settings(derandomize=True, deadline=None)
@given(st.text(alphabet="ابتثىيةأ ", max_size=30), st.integers(0, 10_000))
def test_noise_takes_any_text_and_empties_none(text: str, seed: int) -> None:
    assert bool(noise.noisy(text, Random(seed)).strip()) == bool(text.strip())


# --- examples


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    tokenizer.encode_special_tokens = True  # as batches sets it
    return tokenizer


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs for each part of the mixture; nine more, of one source, are long."""
    directory = tmp_path_factory.mktemp("work")
    (directory / "pairs").mkdir()
    for number, one in enumerate(pairs.load_mixture()):
        lines = [f"قرأ الطالب الكتاب {number}\tThe student read book {number}\n"]
        if one.name == "ud_pud":
            lines += [f"قُرئ الكتاب\u2028 {i} {'كلمة ' * 40}\tLong {i} {'word ' * 40}\n" for i in range(9)]
        one.kept(directory).write_text("".join(lines), encoding="utf-8")
    return directory


class Picked:
    """Hints that always gives the same terms."""

    def __init__(self, terms: list[tuple[str, str]]) -> None:
        self.terms = terms

    def pick(self, *_: object) -> list[tuple[str, str]]:
        return self.terms


def test_a_prompt_is_what_the_engine_would_write(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "HINTED", 1)
    monkeypatch.setattr(noise, "NOISY", -1)
    ours, source, target = PromptTokenizer(TOKENIZER), "وَصَلَ إلى القاهـــرة <eos>", "He arrived in Cairo <eos>"
    terms = (Term("القاهرة", "Cairo", "gazetteer"), Term("مصر", "Egypt", "gazetteer"))
    for some in (terms, ()):
        pick = [(term.source, term.target) for term in some]
        made = examples.example((source, target), Picked(pick), tokenizer, Random(0))
        prompt = ours.encode(Source("وصل إلى القاهرة <eos>", some))
        written = [tokenizer.id_to_token(token) for token in made.tokens]
        assert written == [*prompt, *ours.encode_target(target), "<eos>"]
        assert made.target == len(prompt)


def test_batches_have_every_pair_as_often_as_the_mixture_says(
    work: Path, parallel: Path, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noise, "NOISY", -1)
    monkeypatch.setattr(examples, "HINTED", 0)
    total = sum(one.copies for one in pairs.load_mixture()) + 9 * 3
    stream = examples.batches(work, parallel, tokenizer, 1, budget=300)
    texts, round_one = [], 0
    while round_one < total:
        batch = next(stream)
        round_one += len(batch)
        texts += [tokenizer.decode(one.tokens[one.target :]).strip() for one in batch]
    assert round_one == total
    assert sorted(texts) == sorted(target.strip() for _, target in examples.mixed_pairs(work))
    assert len([text for text in texts if text.startswith("Long 4 ")]) == 3
    assert next(stream)  # and on, without an end


def test_a_seed_says_what_comes_and_another_one_another_order(work: Path, parallel: Path, tokenizer: Tokenizer) -> None:
    def first(seed: int) -> list[Any]:
        return list(islice(examples.batches(work, parallel, tokenizer, seed), 5))

    assert first(3) == first(3)
    assert first(3) != first(4)


def test_sources_are_mixed_before_they_are_sorted(
    work: Path, parallel: Path, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "BLOCK", 4)
    first = next(examples.batches(work, parallel, tokenizer, 3))
    texts = {tokenizer.decode(one.tokens[one.target :]) for one in first}
    assert not texts <= {f"The student read book {number}" for number in range(3)}


def lengths(batches: Iterator[list[Any]]) -> list[list[int]]:
    return [[len(one.tokens) for one in batch] for batch in batches]


@settings(derandomize=True, deadline=None)
@given(st.lists(st.integers(3, 300), max_size=60), st.integers(240, 2000))
def test_micro_batches_keep_to_the_budget_and_lose_nothing(sizes: list[int], budget: int) -> None:
    given_examples = [examples.Example([7] * size, 1) for size in sizes]
    found = lengths(examples.micro_batches(given_examples, budget))
    assert sorted(chain.from_iterable(found)) == sorted(size for size in sizes if size < examples.LONGEST)
    assert all(batch and len(batch) * max(batch) <= budget for batch in found)


def test_a_work_folder_without_pairs_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"times_of_palestine\.tsv is not there; run pairs\.py --work"):
        examples.mixed_pairs(tmp_path)


def test_a_tokenizer_of_another_model_is_refused() -> None:
    with pytest.raises(SystemExit, match=r"the tokenizer has no <bos>; take the one that weights\.py writes"):
        examples.example(("قرأ", "He read"), Picked([]), Tokenizer(WordLevel({"?": 0}, "?")), Random(0))


def test_empty_pairs_are_no_endless_loop(tmp_path: Path) -> None:
    (tmp_path / "pairs").mkdir()
    for one in pairs.load_mixture():
        one.kept(tmp_path).touch()
    with pytest.raises(SystemExit, match=r"pairs are empty; remove them and run pairs\.py again"):
        examples.mixed_pairs(tmp_path)
