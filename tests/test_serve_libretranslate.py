"""LibreTranslate's routes: its clients as they are, and what they are told when something is wrong."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import unquote

import pytest
import schemathesis
import uvicorn
from conftest import FakeEngine
from deep_translator import LibreTranslator
from documents import word_document
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from libretranslatepy import LibreTranslateAPI

from mt.document import DecodingOptions, Hypothesis
from mt.errors import DecodingError, InputTooLong
from mt.registry import load_registry
from serve.admission import Admission
from serve.api.app import build_api
from serve.api.guard import Guard
from serve.api.libretranslate.downloads import MOST_BYTES, MOST_FILES, SECONDS, Downloads
from serve.desk import Desk
from serve.keys import Keyring, create_key
from serve.metrics import Metrics
from serve.service import Service
from serve.settings import Limits, Settings
from serve.translated import TranslatedFile

TEXT = "أعلنت الوزارة خطة جديدة للمياه في العاصمة."
OTHER = "لم تذكر الكلفة في البيان."
ENGLISH = {TEXT: "The ministry announced a new water plan in the capital.", OTHER: "The cost was not mentioned."}


def spoken(text: str, options: DecodingOptions) -> list[Hypothesis]:
    """What ENGLISH says, and others that say their rank."""
    best = ENGLISH.get(text, f"said {len(text)}")
    return [Hypothesis(f"{best} {rank}" if rank else best, -0.1 - rank) for rank in range(options.num_hypotheses)]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, fake_engine: Callable[..., FakeEngine]) -> Desk:
    monkeypatch.setattr("serve.service.load_engine", lambda *given: fake_engine(spoken))
    settings = Settings(limits=Limits(characters=2000, segments=50, file_bytes=100_000))
    return Desk(Service(load_registry()), settings, Admission(settings.limits), Metrics())


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    with TestClient(build_api(desk)) as client:
        yield client


def asked(client: TestClient, **given: Any) -> Any:
    return client.post("/translate", json={"q": TEXT, "source": "ar", "target": "en", **given})


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    """Where a real server with the routes listens."""
    server = uvicorn.Server(uvicorn.Config(build_api(desk), port=0, log_level="critical", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join()


def test_libretranslatepy_works_unchanged(address: str) -> None:
    api = LibreTranslateAPI(address)
    assert api.translate(TEXT, "ar", "en") == ENGLISH[TEXT]
    assert api.detect(TEXT) == [{"confidence": 100.0, "language": "ar"}]
    assert api.languages() == [
        {"code": "ar", "name": "Arabic", "targets": ["en"]},
        {"code": "en", "name": "English", "targets": []},
    ]
    with pytest.raises(HTTPError) as refused:
        api.translate(TEXT, "fr", "en")
    with refused.value as answer:
        assert answer.code == 400
        assert json.loads(answer.read()) == {"error": "fr is not supported as a source; expected ar or auto"}


def test_deep_translator_works_unchanged(address: str, tmp_path: Path) -> None:
    translator = LibreTranslator("ar", "en", api_key="any", custom_url=address)
    assert translator.translate(TEXT) == ENGLISH[TEXT]
    assert translator.translate_batch([TEXT, OTHER]) == [ENGLISH[TEXT], ENGLISH[OTHER]]
    article = tmp_path / "article.txt"
    article.write_text(TEXT, encoding="utf-8")
    assert translator.translate_file(str(article)) == ENGLISH[TEXT]
    assert LibreTranslator("auto", "en", api_key="any", custom_url=address).translate(OTHER) == ENGLISH[OTHER]


def test_a_form_a_query_and_json_are_all_read(client: TestClient) -> None:
    given = {"q": TEXT, "source": "ar", "target": "en"}
    for way in (
        {"json": given},
        {"data": given},
        {"params": given},
        {"files": {name: (None, value) for name, value in given.items()}},
    ):
        answer = client.post("/translate", **way)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()) == (200, {"translatedText": ENGLISH[TEXT]})


def test_a_form_is_utf8_percent_encoded_or_not(client: TestClient) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    for text, status in ((TEXT.encode(), 200), (TEXT.encode("cp1256"), 400), (b"%C8", 400), (b"&a=" * 1001, 400)):
        answer = client.post("/translate", content=b"source=ar&target=en&q=" + text, headers=headers)
        assert answer.status_code == status, text
    twice = client.post("/translate", data={"q": [TEXT, OTHER], "source": "ar", "target": "en"})
    assert twice.json()["translatedText"] == [ENGLISH[TEXT], ENGLISH[OTHER]]


def test_the_notice_and_the_system_stand_in_headers(client: TestClient) -> None:
    answer = asked(client)
    assert answer.headers["X-Khulasa-Notice"].startswith("Draft by the model fake")
    assert answer.headers["X-Khulasa-System"].startswith("ar-en-fake@1|fake|float32|beam:4")
    assert "X-Khulasa-Notice" not in asked(client, q="2024").headers


def test_a_list_is_answered_by_lists(client: TestClient) -> None:
    answer = asked(client, q=[TEXT, "", OTHER, TEXT, "Reuters"], source="auto", alternatives=2).json()
    assert answer["translatedText"] == [ENGLISH[TEXT], "", ENGLISH[OTHER], ENGLISH[TEXT], "Reuters"]
    assert answer["detectedLanguage"] == [{"confidence": 100.0, "language": "ar"}] * 5
    assert [len(others) for others in answer["alternatives"]] == [2, 0, 2, 2, 0]
    assert answer["alternatives"][0] == [f"{ENGLISH[TEXT]} 1", f"{ENGLISH[TEXT]} 2"]


def test_a_text_is_answered_by_texts(client: TestClient) -> None:
    answer = asked(client, source="auto", alternatives="1").json()
    assert answer == {
        "translatedText": ENGLISH[TEXT],
        "detectedLanguage": {"confidence": 100.0, "language": "ar"},
        "alternatives": [f"{ENGLISH[TEXT]} 1"],
    }


def test_lines_blank_ones_and_indents_stay(client: TestClient) -> None:
    answer = asked(client, q=f"{TEXT}\n\n  {OTHER}\nReuters\n").json()
    assert answer["translatedText"] == f"{ENGLISH[TEXT]}\n\n  {ENGLISH[OTHER]}\nReuters\n"


def test_html_keeps_its_tags(client: TestClient) -> None:
    page = f'<p class="a">{TEXT}</p><script>"{OTHER}"</script>'
    answer = asked(client, q=[page, "<b>x</b>"], format="html", alternatives=1).json()
    assert answer["translatedText"] == [page.replace(TEXT, ENGLISH[TEXT]), "<b>x</b>"]
    assert answer["alternatives"] == [[], []]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"q": ""}, "missing q parameter"),
        ({"q": None}, "missing q parameter"),
        ({"q": []}, "missing q parameter"),
        ({"q": 3}, "q must be a text, or a list of texts"),
        ({"q": [TEXT, 3]}, "q must be a text, or a list of texts"),
        ({"source": None}, "missing source parameter"),
        ({"target": ""}, "missing target parameter"),
        ({"source": "en"}, "en is not supported as a source; expected ar or auto"),
        ({"source": ["ar"]}, "source must be a text"),
        ({"target": "fr"}, "fr is not supported as a target; expected en"),
        ({"target": "\ud800\x00"}, "\ufffd is not supported as a target; expected en"),
        ({"format": "docx"}, "docx format is not supported; expected text or html"),
        ({"alternatives": "many"}, "alternatives parameter is not a number"),
        ({"alternatives": -1}, "alternatives parameter is not a number"),
        ({"alternatives": True}, "alternatives parameter is not a number"),
        ({"alternatives": 99}, "alternatives parameter must be <= 10"),
        ({"q": "Bonjour à tous, voici une phrase."}, "it looks like French"),
        ({"q": "سطر" * 700}, "request (2,100 characters) exceeds text limit (2,000); send it in parts"),
        ({"q": [f"جملة {i}" for i in range(51)]}, "exceeds text limit (50 segments); send it in parts"),
    ],
)
def test_what_is_wrong_is_said_as_libretranslate_does(client: TestClient, given: Any, message: str) -> None:
    body = json.dumps({"q": TEXT, "source": "ar", "target": "en", **given})
    answer = client.post("/translate", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]
    assert message in answer.json()["error"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[" * 100_000, b"\xff", b'{"q": ' + b"9" * 9999 + b"}"])
def test_broken_json_is_refused(client: TestClient, body: bytes) -> None:
    for path in ("/translate", "/detect"):
        answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["error"][:19]) == (400, "Invalid JSON format")


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", "text/plain", "a" * 99])
def test_a_body_of_another_kind_is_refused(client: TestClient, kind: str) -> None:
    answer = client.post("/translate", content=b"q=x", headers={"Content-Type": kind})
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


def test_surrogates_and_controls_come_through(client: TestClient) -> None:
    body = json.dumps({"q": [f"{TEXT} \ud800", "\udfff \x00"], "source": "ar", "target": "en"})
    answer = client.post("/translate", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    assert answer.json()["translatedText"][1] == "\ufffd \x00"


def test_detect_names_other_languages(client: TestClient) -> None:
    french = client.post("/detect", data={"q": "Le ministre a annoncé un nouveau plan pour la capitale."}).json()
    assert french[0]["language"] == "fr"
    assert 50 < french[0]["confidence"] <= 100
    assert client.post("/detect", json={"q": [TEXT, OTHER]}).json() == [{"confidence": 100.0, "language": "ar"}]
    assert client.post("/detect").status_code == 400


def test_the_settings_say_what_the_server_does(client: TestClient) -> None:
    settings = client.get("/frontend/settings").json()
    assert settings["charLimit"] == 2000
    assert (settings["apiKeys"], settings["keyRequired"], settings["suggestions"]) == (False, False, False)
    assert ".docx" in settings["supportedFilesFormat"]
    refused = client.post("/suggest", json={"q": TEXT, "s": "x"})
    assert (refused.status_code, list(refused.json())) == (403, ["error"])


def sent(client: TestClient, name: str, data: bytes, **given: str) -> Any:
    return client.post("/translate_file", data={"source": "ar", "target": "en", **given}, files={"file": (name, data)})


def test_a_file_is_translated_and_fetched(client: TestClient) -> None:
    answer = sent(client, "../مقال x.txt", TEXT.encode())
    assert answer.headers["X-Khulasa-Notice"].startswith("Draft")
    url = answer.json()["translatedFileUrl"]
    assert url.startswith("http://testserver/download_file/")
    assert unquote(url).endswith(".مقال x_en.txt")
    file = client.get(url)
    assert file.text == ENGLISH[TEXT]
    assert file.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%D9%85")
    assert file.headers["X-Content-Type-Options"] == "nosniff"


def test_a_word_file_comes_back_as_one(client: TestClient) -> None:
    url = sent(client, "a.docx", word_document(None, [TEXT]), source="auto").json()["translatedFileUrl"]
    assert client.get(url).content[:4] == b"PK\x03\x04"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.exe", b"MZ", "expected one of .txt"),
        ("a.docx", b"MZ", "a.docx is not a Word document"),
        ("a.txt", b" ", "a.txt is empty"),
        ("a.txt", b"This is an English text of some length.", "it looks like English"),
        ("a.txt", b"\x1f\x8b\x08", "a.txt is packed"),
    ],
)
def test_a_file_that_cannot_be_translated(client: TestClient, name: str, data: bytes, message: str) -> None:
    answer = sent(client, name, data)
    assert answer.status_code == 400
    assert message in answer.json()["error"]


def test_a_request_without_a_file(client: TestClient) -> None:
    answer = client.post("/translate_file", data={"source": "ar", "target": "en", "file": "x"})
    assert (answer.status_code, answer.json()) == (400, {"error": "Invalid request: missing file parameter"})
    wrong = sent(client, "a.txt", TEXT.encode(), target="de")
    assert (wrong.status_code, wrong.json()) == (400, {"error": "de is not supported as a target; expected en"})


def test_no_other_file_is_fetched(client: TestClient) -> None:
    url = sent(client, "a.txt", TEXT.encode()).json()["translatedFileUrl"]
    key, _, _ = url.rpartition("/")[2].partition(".")
    for name in ("x.txt", "..", "%2e%2e%2fetc%2fpasswd", f"{key[:-1]}.a_en.txt"):
        answer = client.get(f"/download_file/{name}")
        assert answer.status_code == 404, name


def file_of(size: int) -> TranslatedFile:
    return TranslatedFile("a_en.txt", b"x" * size, "text/plain")


def test_files_are_forgotten_after_an_hour() -> None:
    now = 0.0
    downloads = Downloads(lambda: now)
    key = downloads.keep(file_of(1))
    now = SECONDS - 1
    assert downloads.find(key) == file_of(1)
    now = SECONDS
    assert downloads.find(key) is None
    assert len(key) >= 32


def test_the_oldest_files_give_way() -> None:
    downloads = Downloads()
    keys = [downloads.keep(file_of(1)) for _ in range(MOST_FILES + 2)]
    assert [downloads.find(key) is not None for key in keys] == [False] * 2 + [True] * MOST_FILES
    large = downloads.keep(file_of(MOST_BYTES - 1))
    assert [key for key in [*keys, large] if downloads.find(key)] == [keys[-1], large]
    with pytest.raises(InputTooLong, match="split it"):
        downloads.keep(file_of(MOST_BYTES + 1))


def test_as_many_requests_as_allowed_are_a_429(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
    full = Desk(desk.service, desk.settings, Admission(Limits(requests=0)), desk.metrics)
    answer = asked(TestClient(build_api(full)))
    assert (answer.status_code, list(answer.json())) == (429, ["error"])
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_failing_model_is_a_500_without_its_words(monkeypatch: pytest.MonkeyPatch, client: TestClient) -> None:
    def fail(*given: object, **more: object) -> None:
        raise DecodingError("secret text")

    monkeypatch.setattr("serve.service.Service.translate_lines", fail)
    answer = asked(client)
    assert (answer.status_code, list(answer.json())) == (500, ["error"])
    assert "secret" not in answer.text


def test_a_key_in_the_body_is_enough(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    key = create_key(path, "paper")
    client = TestClient(Guard(build_api(desk), desk.settings, desk.metrics, Keyring(path)))
    missing, wrong = asked(client), asked(client, api_key="wrong")
    assert (missing.status_code, list(missing.json())) == (403, ["error"])
    assert (wrong.status_code, list(wrong.json())) == (403, ["error"])
    assert asked(client, api_key=key).json() == {"translatedText": ENGLISH[TEXT]}
    assert client.get("/languages").status_code == 200
    url = sent(client, "a.txt", TEXT.encode(), api_key=key).json()["translatedFileUrl"]
    assert client.get(url).text == ENGLISH[TEXT]

    assert client.get("/download_file/a/../../metrics").status_code == 401


@pytest.mark.slow
def test_schemathesis_finds_nothing(desk: Desk) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", build_api(desk)).exclude(
        path_regex="^/(v1/|healthz|readyz|metrics)"
    )
    # No schema can say which texts are Arabic, and which bytes are a document.
    schema.config.checks.positive_data_acceptance.expected_statuses = ["2xx", "400", "403", "404"]
    assert {operation.ok().path for operation in schema.get_all_operations()} == {
        "/translate", "/detect", "/translate_file", "/download_file/{filename}", "/languages", "/frontend/settings",
        "/suggest",
    }  # fmt: skip

    for operation in schema.get_all_operations():

        @settings(
            max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(operation.ok().as_strategy())
        def check(case: schemathesis.Case) -> None:
            case.call_and_validate()

        check()
