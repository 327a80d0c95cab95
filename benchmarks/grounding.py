"""What summarize.grounding accepts: true sentences, foreign ones, ones with a number or a name changed.

    python benchmarks/grounding.py [--part report|tune] [--data DIR] [--show ROW]
    python benchmarks/grounding.py --words > summarize/words.txt

Stories 1 to 125 are there to choose thresholds on, 126 to 250 only to report. A highlight without its label "NEW:" is
a true sentence about its story and a foreign one about another. It is corrupted by regular expressions that share
nothing with the code they test, in three random draws (one seed, so that a run can be repeated): a number becomes
another of the same shape; a name becomes one from another story's highlights; and, the hardest case, a number or a
name becomes another one of the same story. In one more row a verb gets a "not". `--show` prints the wrong decisions of
a row, `--words` the words that the training stories write in lower case.
"""

import argparse
import json
import lzma
import os
import random
import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from summaries import DATA, load_stories, split

from mt.vectors import encode
from summarize.grounding import LIKENESS, NAME_LIKENESS, NUMBER_LIKENESS, Evidence, Verdict

TRAINING = "summarization/train_cnn_highlights.jsonl.xz"
SEED, DRAWS = 6, 3
TRUE = "true: against its own story"
FOREIGN = "foreign: against another story"
NUMBER, OWN_NUMBER = "one number changed", "one number changed to another of the story"
NAME, OWN_NAME = "one name changed", "one name changed to another of the story"
NEGATED, ASSERTED = "negation added", "negation removed"
DENIED = "negation added to the article"
FACT, ALLEGED = "allegation made a fact", "fact made an allegation in the article"
DATE, OWN_DATE = "one weekday or month changed", "one weekday or month changed to another of the story"
SPEAKER = "another name of the story speaks"
ROWS = [(TRUE, None), (TRUE, True), (FOREIGN, None), (NUMBER, None), (NUMBER, False), (NAME, None), (NAME, False),
        (DATE, None), (OWN_NUMBER, None), (OWN_DATE, None), (OWN_NAME, None), (SPEAKER, None), (NEGATED, None),
        (ASSERTED, None), (DENIED, None), (FACT, None), (ALLEGED, None)]  # fmt: skip
SUBSETS = {True: "– those whose names and numbers the story has", False: "– those whose new one the story has not"}

UNITS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
ORDINALS = ["third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]
CALENDAR = [
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
     "December"],
]  # fmt: skip
A_DATE = re.compile(rf"\b(?:{'|'.join(CALENDAR[0] + CALENDAR[1])})\b")
A_NUMBER = re.compile(rf"\d+(?:[.,]\d+)*|\b(?:{'|'.join(UNITS + TENS + ORDINALS)})\b", re.IGNORECASE)
A_NAME = re.compile(r"\b(?:[A-Z]\.){2,}|\b[A-Z][^\W\d_]+(?:[ -][A-Z][^\W\d_]+)*")
A_VERB = re.compile(r"\b(?:is|was|are|were|has|had|have|will|would|can|could)\b(?! not|n't)")
DONE = re.compile(r"(?<![\w-])[a-z]{3,}ed\b")
DENIALS = [
    (r"\bden(?:ies|ied|y)\b", lambda m: {"denies": "admits", "denied": "admitted", "deny": "admit"}[m.group()]),
    (r"\b(?:does|do|did)(?: not|n't) ", ""), (r"\bcan(?:not|'t)\b", "can"), (r"\bwon't\b", "will"),
    (r"n't\b| not\b| never\b", ""), (r"\bno (?=[a-z])", ""), (r"\bwithout\b", "with"),
]  # fmt: skip
ALLEGATIONS = [
    (r"(?i)\b(?:allegedly|reportedly|purportedly|supposedly) ", ""),
    (r"(?i)\b(?:alleged|suspected|purported|rumored) (?=[a-z])(?!(?:of|by|to|in|that|him|her|the)\b)", ""),
    (r"\b(?:accused|suspected) of\b", "guilty of"),
    (r"\b(is|was|are|were) alleged to (?:be|have been)\b", r"\1"),
]
SAYS = r"(?:said|says|told|tells|added|warned|warns|argues|insists|claims)"
SAYS_AFTER, SAYS_BEFORE = re.compile(rf" {SAYS}\b"), re.compile(rf"\b{SAYS} (?:[a-z]+ )?\Z")
START = re.compile(r"(?:^|[.:;?!])[ \"']*\Z")
FOLLOWED_VERB = re.compile(rf"({A_VERB.pattern})( [a-z]{{3,}}\b)")
REPORTED = re.compile(r"\b(?:sa(?:y|id)|tell|told|accord|alleg|claim|accus|suspect)|:|[\"“]")
LOWERCASE = re.compile(r"\b[a-z]+\b")


class Case(NamedTuple):
    row: str
    story: int
    text: str
    inside: bool  # whether the story has what was put in; of a highlight as it was, all its names and numbers
    changed: tuple[str, str] | None = None  # a sentence of the story, and what it becomes


class Corrupter:
    """Changes highlights of some stories, the same way in every run."""

    def __init__(self, stories: Sequence[dict]) -> None:
        self.random, self.turns = random.Random(SEED), random.Random(SEED)
        counts = Counter(word for story in stories for word in LOWERCASE.findall(story["document"]))
        self.lowercase = {word for word, count in counts.items() if count > 1}
        self.highlights = [[re.sub(r"^NEW ?: *", "", text) for text in story["highlights"]] for story in stories]
        self.documents = [story["document"] for story in stories]
        self.sentences = [split(document) for document in self.documents]
        self.known = [
            sorted({m.group() for text in texts for m in self.names(text) if not START.search(text[: m.start()])})
            for texts in self.highlights
        ]

    def cases(self) -> Iterator[Case]:
        for story, texts in enumerate(self.highlights):
            for text in texts:
                yield Case(TRUE, story, text, self.is_inside(story, text))
                yield from self.turned(story, text)
                for _ in range(DRAWS):
                    yield Case(FOREIGN, self.another(story), text, False)
                    yield from self.corrupted(story, text)
                    yield from self.redrawn(story, text)

    def corrupted(self, story: int, text: str) -> Iterator[Case]:
        document = self.documents[story]
        if numbers := list(A_NUMBER.finditer(text)):
            match = self.random.choice(numbers)
            number = self.other_number(match.group())
            yield Case(NUMBER, story, replaced(match, number), self.is_inside(story, number))
            others = sorted({m.group() for m in A_NUMBER.finditer(document)} - {m.group() for m in numbers})
            if others:
                yield Case(OWN_NUMBER, story, replaced(match, self.random.choice(others)), True)
        if names := self.names(text):
            match = self.random.choice(names)
            name = self.foreign_name(story, text)
            yield Case(NAME, story, replaced(match, name), self.is_inside(story, name))
            others = sorted({m.group() for m in self.names(document)})
            others = [name for name in others if not any(word in text for word in name.split())]
            if others:
                yield Case(OWN_NAME, story, replaced(match, self.random.choice(others)), True)

    def turned(self, story: int, text: str) -> Iterator[Case]:
        """Denials and allegations, put in, taken out and put into the article; one draw of each."""
        if verb := A_VERB.search(text):
            yield Case(NEGATED, story, replaced(verb, f"{verb.group()} not"), True)
        for row, changes in ((ASSERTED, DENIALS), (FACT, ALLEGATIONS)):
            if plain := next((new for old, to in changes if (new := re.sub(old, to, text, count=1)) != text), None):
                yield Case(row, story, plain, True)
        for row, verb, words in ((DENIED, FOLLOWED_VERB, r"\1 not\2"), (ALLEGED, DONE, r"allegedly \g<0>")):
            if row == ALLEGED and REPORTED.search(text):
                continue
            if changed := self.changed_sentence(story, text, verb, words):
                yield Case(row, story, text, True, changed)

    def redrawn(self, story: int, text: str) -> Iterator[Case]:
        """Another date, and another speaker; a stream of their own, so that the rows before them stay as they were."""
        if dates := list(A_DATE.finditer(text)):
            match = self.turns.choice(dates)
            alike = next(words for words in CALENDAR if match.group() in words)
            others = [word for word in alike if word != match.group()]
            date = self.turns.choice(others)
            yield Case(DATE, story, replaced(match, date), self.is_inside(story, date))
            if own := [word for word in others if re.search(rf"\b{word}\b", self.documents[story])]:
                yield Case(OWN_DATE, story, replaced(match, self.turns.choice(own)), True)
        names = self.names(text)
        speakers = [m for m in names if SAYS_AFTER.match(text, m.end()) or SAYS_BEFORE.search(text[: m.start()])]
        others = sorted({m.group() for m in self.names(self.documents[story])})
        others = [name for name in others if not any(word in text for word in name.split())]
        if speakers and others:
            yield Case(SPEAKER, story, replaced(speakers[0], self.turns.choice(others)), True)

    def changed_sentence(self, story: int, text: str, verb: re.Pattern[str], words: str) -> tuple[str, str] | None:
        """The sentence most like `text` in words, and the same with a verb that it alone shares with `text` changed."""
        mine = set(re.findall(r"\w+", text))
        closest = max(self.sentences[story], key=lambda sentence: len(mine & set(re.findall(r"\w+", sentence))))
        for match in verb.finditer(text):
            here = re.compile(rf"(?<![\w-]){re.escape(match.group())}\b")
            if [sentence for sentence in self.sentences[story] if here.search(sentence)] == [closest]:
                return closest, here.sub(lambda found: verb.sub(words, found.group()), closest, count=1)
        return None

    def is_inside(self, story: int, text: str) -> bool:
        """Whether every number in `text`, and every word of its names, stands in the story letter by letter."""
        numbers = {match.group() for match in A_NUMBER.finditer(text)}
        words = {word for match in self.names(text) for word in re.split("[ -]", match.group())}
        return all(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", self.documents[story]) for word in numbers | words)

    def another(self, story: int) -> int:
        return (story + self.random.randrange(1, len(self.highlights))) % len(self.highlights)

    def names(self, text: str) -> list[re.Match[str]]:
        """Capitalized phrases; at the start of a sentence only those that do not begin with a lower-case word."""
        return [
            match
            for match in A_NAME.finditer(text)
            if not START.search(text[max(0, match.start() - 9) : match.start()] if match.start() else "")
            or re.split("[ -]", match.group())[0].lower() not in self.lowercase
        ]

    def foreign_name(self, story: int, text: str) -> str:
        while True:
            known = self.known[self.another(story)]
            name = self.random.choice(known) if known else text
            if not any(word in text for word in name.split()):
                return name

    def other_number(self, surface: str) -> str:
        """Of the same shape: a near year, as many digits, a word of the same kind."""
        for words in (UNITS, TENS, ORDINALS):
            if surface.lower() in words:
                word = self.random.choice([word for word in words if word != surface.lower()])
                return word.capitalize() if surface[0].isupper() else word
        if re.fullmatch(r"(19|20)\d\d", surface):
            return str(int(surface) + self.random.choice((-1, 1)) * self.random.randint(1, 9))
        number = surface
        while number == surface:
            number = re.sub(r"\d", lambda _: self.random.choice("123456789"), surface)
        return number


def replaced(match: re.Match[str], text: str) -> str:
    return match.string[: match.start()] + text + match.string[match.end() :]


def judged(stories: Sequence[dict]) -> list[tuple[Case, Verdict, str]]:
    """Each case, its verdict, and the sentence of the story that is most like it."""
    cases = list(Corrupter(stories).cases())
    texts = sorted({case.text for case in cases})
    vectors = dict(zip(texts, encode(texts), strict=True))
    evidence = [Evidence(split(story["document"])) for story in stories]
    results = []
    for case in cases:
        story, vector = evidence[case.story], vectors[case.text]
        if case.changed:
            old, new = case.changed
            story = Evidence([new if sentence == old else sentence for sentence in story.sentences])
        nearest = story.nearest(vector, ())
        results.append((case, story.judge(case.text, vector), story.sentences[nearest or 0]))
    return results


def print_words(data: Path) -> None:
    lower, upper = Counter[str](), Counter[str]()
    with lzma.open(data / TRAINING, "rt", encoding="utf-8") as lines:
        for story in map(json.loads, lines):
            for sentence in re.split(r"[.!?][\"”]?\s+|\n", "\n".join([story["document"], *story["highlights"]])):
                for word in re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", sentence)[1:]:
                    (upper if word[0].isupper() else lower)[word.lower()] += 1
    words = {
        word
        for word, count in lower.items()
        if count >= 8 and count >= 2 * upper[word] and word.isascii() and word.isalpha() and len(word) > 1
    }
    endings = ("s", "es", "ed", "d", "ing", "ly", "er", "ers")
    kept = [
        word
        for word in sorted(words)
        if not any(word.endswith(e) and len(word) - len(e) >= 4 and word.removesuffix(e) in words for e in endings)
    ]
    print(textwrap.fill(" ".join(kept), 118))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("KHULASA_DATA", DATA)))
    parser.add_argument("--part", choices=["tune", "report"], default="report")
    parser.add_argument("--show", choices=list(dict(ROWS)), metavar="ROW")
    parser.add_argument("--words", action="store_true")
    args = parser.parse_args()
    if args.words:
        print_words(args.data)
        return

    results = judged(load_stories(args.data, args.part))
    print(f"{args.part}; likeness {LIKENESS}, of numbers {NUMBER_LIKENESS}, of names {NAME_LIKENESS}\n")
    print("| highlights | accepted | of | share | not like it | number | name | denial, claim |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for row, inside in ROWS:
        reasons = [v.reason for case, v, _ in results if case.row == row and inside in (None, case.inside)]
        accepted = reasons.count(None)
        why = Counter(reason.split()[0] for reason in reasons if reason)
        label = row if inside is None else SUBSETS[inside]
        print(f"| {label} | {accepted} | {len(reasons)} | {accepted / len(reasons):.1%} "
              f"| {why['nothing']} | {why['says']} | {why['names']} "
              f"| {why['adds'] + why['leaves'] + why['states']} |")  # fmt: skip
    for case, verdict, nearest in results:
        if case.row == args.show and (verdict.reason is None) != (case.row == TRUE):
            print(f"\n{verdict.likeness:.2f} {verdict.reason or verdict.segments}\n  {case.text}\n  {nearest}")


if __name__ == "__main__":
    main()
