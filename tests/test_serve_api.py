"""The routes of /v1 on a fake engine, and their answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import FakeEngine, numbered
from desks import build_desk, client_of
from fastapi.testclient import TestClient

from mt.document import DecodingOptions
from mt.terms import load_terms
from serve.api import schemas
from serve.api.app import build_api
from serve.comparison import compare, compare_lines, comparison_json
from serve.desk import Desk
from serve.dossier import digest_json, translation_json
from serve.reader import parse_text
from serve.service import Summarizing

TEXT = "أعلنت الوزارة خطة للمياه\n\nقال الوزير إن الكلفة 300 مليون دولار. وتبدأ الخطة غدا.\n\nلم تذكر الكلفة في البيان."
ENGLISH = (
    "The ministry announced a plan for water\n\nThe minister said it costs 200 million dollars.\n\nNo cost was given."
)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine(numbered)


@pytest.fixture
def desk() -> Desk:
    return build_desk()


@pytest.fixture
def api(desk: Desk, engine: FakeEngine) -> Iterator[TestClient]:
    with client_of(desk, engine) as client:
        yield client


def posted(api: TestClient, path: str, **body: Any) -> Any:
    answer = api.post(path, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json"), answer.text
    return answer.json()


def test_a_text_is_translated_as_the_command_line_does(api: TestClient, desk: Desk) -> None:
    answer = posted(api, "/v1/translate", text=TEXT)
    (translation,) = desk.service.translate([parse_text(TEXT)])
    assert answer == translation_json(translation, desk.service.notice())
    assert answer["title"]["source"] == "أعلنت الوزارة خطة للمياه"
    assert answer["warnings"] == ["Draft by the model fake: names, numbers and who did what may be wrong."]
    assert len(answer["translation"].split("\n\n")) == 2
    assert posted(api, "/v1/translate", text=TEXT.replace("\n", "\r\n")) == answer


def test_n_segments_in_n_targets_out(api: TestClient) -> None:
    segments = ["", "قال الوزير ذلك. ثم ذهب إلى بيته.", " \n", "Reuters", "نعم"]
    answer = posted(api, "/v1/translate", segments=segments)
    assert answer["targets"] == ["", "w3a w6b w4c w2a w3b w3c w5d", "", "w7a", "w3a"]
    assert [part["paragraph"] for part in answer["segments"]] == [0, 0, 1, 2]
    assert "targets" not in posted(api, "/v1/translate", text=TEXT)


def test_paragraphs_are_taken_as_they_are(api: TestClient) -> None:
    answer = posted(api, "/v1/translate", title="خطة المياه.", paragraphs=["خطة", "قال الوزير ذلك."])
    assert answer["title"] == {"source": "خطة المياه.", "target": "w3a w7b"}
    assert [part["source"] for part in answer["segments"]] == ["خطة المياه.", "خطة", "قال الوزير ذلك."]


def test_an_article_is_translated_and_summarized(api: TestClient, desk: Desk) -> None:
    answer = posted(api, "/v1/article", text=TEXT, summarizer="lead", sentences=2)
    expected = digest_json(desk.service.digest(parse_text(TEXT), summarizing=Summarizing("lead", 2)))
    assert answer.pop("seconds").keys() == expected.pop("seconds").keys()
    assert answer == expected
    assert [sentence["segments"] for sentence in answer["summary"]["sentences"]] == [[1], [2]]


def test_english_is_summarized_as_it_is(api: TestClient, engine: FakeEngine) -> None:
    answer = posted(api, "/v1/summarize", text=ENGLISH, summarizer="lead", sentences=1)
    assert answer["summary"]["text"] == "The minister said it costs 200 million dollars."
    assert answer["sentences"] == [answer["summary"]["text"], "No cost was given."]
    assert engine.calls == []
    assert "translation" in posted(api, "/v1/summarize", text=TEXT)


def test_a_translation_is_checked_without_a_model(api: TestClient, engine: FakeEngine) -> None:
    names = ("the source", "the translation")
    answer = posted(api, "/v1/check", source=TEXT, translation=ENGLISH)
    assert answer == comparison_json(compare(parse_text(TEXT), parse_text(ENGLISH), names))
    assert "300,000,000 dollars" in json.dumps(answer)
    lines = (["ارتفع السعر 5 في المئة", ""], ["The price rose by 6 percent", ""])
    answer = posted(api, "/v1/check", source_segments=lines[0], translation_segments=lines[1])
    assert answer == comparison_json(compare_lines(*lines, names))
    assert engine.calls == []


@pytest.mark.parametrize(
    ("name", "media_type", "data", "title"),
    [
        ("خبر.txt", "application/octet-stream", TEXT.encode(), "أعلنت الوزارة خطة للمياه"),
        ("a.md", "application/octet-stream", "# خطة\n\nقال الوزير ذلك.".encode(), "خطة"),
        ("blob", "text/plain; charset=utf-8", TEXT.encode(), "أعلنت الوزارة خطة للمياه"),
        ("../../etc/a.txt", "text/plain", "قال الوزير ذلك.".encode(), None),
    ],
)
def test_a_file_is_read_by_its_name_or_its_type(
    api: TestClient, name: str, media_type: str, data: bytes, title: str | None
) -> None:
    answer = api.post("/v1/translate", files={"file": (name, data, media_type)})
    assert answer.status_code == 200, answer.text
    assert answer.json()["title"]["source"] == title


def test_two_files_are_compared(api: TestClient) -> None:
    files = {"source": ("ar.txt", TEXT.encode()), "translation": ("en.txt", ENGLISH.encode())}
    answer = api.post("/v1/check", files=files)
    assert answer.json() == posted(api, "/v1/check", source=TEXT, translation=ENGLISH)
    files["translation"] = ("en.txt", b"One.")
    answer = api.post("/v1/check", files=files)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("ar.txt has 3 paragraphs, en.txt has 1;")


def test_options_reach_the_engine_from_json_and_from_a_form(api: TestClient, engine: FakeEngine) -> None:
    options = {"beam_size": 2, "num_hypotheses": 3, "plain": True}
    asked = DecodingOptions(beam_size=2, num_hypotheses=3, plain=True)
    answer = posted(api, "/v1/translate", text="قال الوزير ذلك.", **options)
    assert engine.calls.pop()[1] == asked
    assert answer["segments"][0]["alternatives"] == ["w3a w6b w4c 1", "w3a w6b w4c 2"]
    form = {"beam_size": "2", "num_hypotheses": "3", "plain": "true"}
    api.post("/v1/translate", files={"file": ("a.txt", "قال الوزير ذلك.".encode())}, data=form)
    assert engine.calls.pop()[1] == asked


def test_a_glossary_is_of_one_request_alone(tmp_path: Path, engine: FakeEngine) -> None:
    (tmp_path / "ledger.csv").write_text("source,target\nالوزير,the secretary\n", encoding="utf-8")
    desk, engine.takes_terms = build_desk(terms=load_terms(ledger=tmp_path / "ledger.csv")), True
    rows = [{"source": "الخطة", "target": "the scheme", "kind": "required"}]
    text = "قال الوزير إن الخطة تبدأ غدا."
    ledger = {"source": "الوزير", "target": "secretary", "origin": "ledger"}
    with client_of(desk, engine) as api:
        first = posted(api, "/v1/translate", text=text, glossary=rows)
        second = posted(api, "/v1/translate", text=text)
        files = {"file": ("a.txt", text.encode())}
        third = api.post("/v1/translate", files=files, data={"glossary": json.dumps(rows)}).json()
    assert [term["target"].removeprefix("the ") for term in first["segments"][0]["terms"]] == ["scheme", "secretary"]
    assert [term["origin"] for term in second["segments"][0]["terms"]] == [ledger["origin"]]
    assert "term" in [flag["kind"] for flag in first["segments"][0]["flags"]]
    assert first["systems"] != second["systems"]
    assert third == first


def test_auto_is_what_the_server_was_started_with(monkeypatch: pytest.MonkeyPatch, engine: FakeEngine) -> None:
    loaded = list[str]()

    def load(name: str, *rest: object) -> FakeEngine:
        loaded.append(name)
        return engine

    monkeypatch.setattr("serve.service.load_engine", load)
    with TestClient(build_api(build_desk(model="built-in"))) as api:
        posted(api, "/v1/translate", text=TEXT)
        posted(api, "/v1/translate", text=TEXT, model="EMBEDDED")
    assert loaded == ["built-in"]


def test_models_are_listed_with_what_is_installed(api: TestClient, cache: Path) -> None:
    answer = api.get("/v1/models").json()
    schemas.ModelsAnswer.model_validate(answer)
    (first, *others) = answer["translate"]
    assert (first["name"], first["installed"], first["default"]) == ("embedded", True, True)
    assert not any(other["installed"] for other in others)
    assert [offer["name"] for offer in answer["summarize"]][:2] == ["lexrank", "lead"]


def test_answers_are_as_openapi_says(api: TestClient) -> None:
    schemas.TranslationAnswer.model_validate(posted(api, "/v1/translate", segments=["نعم"], num_hypotheses=2))
    schemas.ArticleAnswer.model_validate(posted(api, "/v1/article", text=TEXT))
    schemas.EnglishSummaryAnswer.model_validate(posted(api, "/v1/summarize", text=ENGLISH))
    schemas.CheckAnswer.model_validate(posted(api, "/v1/check", source=TEXT, translation=ENGLISH))


def test_every_example_works_and_no_page_asks_another_host(api: TestClient) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    tried = 0
    for path in ("/v1/translate", "/v1/article", "/v1/summarize", "/v1/check"):
        declared = paths[path]["post"]
        assert {"200", "400", "401", "404", "413", "415", "422", "429", "503", "504"} <= declared["responses"].keys()
        for example in declared["requestBody"]["content"]["application/json"]["examples"].values():
            posted(api, path, **example["value"])
            tried += 1
    assert tried == 5
    assert [api.get(page).status_code for page in ("/docs", "/redoc")] == [404, 404]
