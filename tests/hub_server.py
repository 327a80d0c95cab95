"""A small server that speaks the protocol of the Hugging Face hub: repositories in memory, faults on demand."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

LFS = (".bin", ".safetensors", ".model", ".spm", ".h5", ".msgpack", ".ot")  # kept by sha256, and served by the CDN
Reply = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Repository:
    """Files at one commit; `refs` are the names by which it is known."""

    files: dict[str, bytes]
    refs: tuple[str, ...] = ("main",)
    token: str | None = None  # gated: who has no such token is refused

    @property
    def commit(self) -> str:
        listed = [(name, sha256(content)) for name, content in sorted(self.files.items())]
        return hashlib.sha1(repr(listed).encode()).hexdigest()


@dataclass
class Request:
    method: str
    host: str  # hub or cdn
    path: str
    range: str | None
    token: str | None


@dataclass
class Hub:
    """What the server has, what it was asked, and what it shall do wrong."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    cuts: dict[str, list[int]] = field(
        default_factory=dict
    )  # file → bytes after which the connection breaks, once each
    replies: dict[str, list[Reply]] = field(default_factory=dict)  # part of a path → answers given first, once each
    served: dict[str, bytes] = field(default_factory=dict)  # file → other bytes than are listed
    ranges: bool = True
    url: str = ""
    cdn: str = ""

    def add(self, repo: str, files: Path | Mapping[str, bytes], **given: object) -> Repository:
        """A repository of these files, or of those in a directory."""
        if isinstance(files, Path):
            files = {path.name: path.read_bytes() for path in files.iterdir() if path.is_file()}
        self.repositories[repo] = Repository(dict(files), **given)  # type: ignore[arg-type]
        return self.repositories[repo]

    def asked(self, name: str) -> list[str | None]:
        """The ranges in which the bytes of a file were asked for."""
        return [request.range for request in self.requests
                if request.method == "GET" and request.host == "cdn" and request.path.endswith(f"/{name}")]  # fmt: skip

    def downloaded(self) -> set[str]:
        """The files whose bytes were asked for."""
        found = (re.search(r"/resolve/[^/]+/(.*)", request.path) for request in self.requests)
        return {match[1] for match in found if match}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def is_lfs(name: str) -> bool:
    return name.endswith(LFS)


def error(status: int, code: str = "", message: str = "", **headers: str) -> Reply:
    """An answer that refuses, as the hub words it."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        named = {"X-Error-Code": code, "X-Error-Message": message}
        send(handler, status, b'{"error": "as the headers say"}',
             {**{name: value for name, value in named.items() if value},
              **{name.replace("_", "-"): value for name, value in headers.items()}})  # fmt: skip

    return reply


def says(content: bytes) -> Reply:
    """An answer of these bytes, as JSON."""
    return lambda handler: send(handler, 200, content, {"Content-Type": "application/json"})


def send(handler: BaseHTTPRequestHandler, status: int, content: bytes, headers: Mapping[str, str] = {}) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(content)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(content)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: who asked has hung up."""


@contextmanager
def serving() -> Iterator[Hub]:
    """A hub with its CDN, which is another host; both are gone at the end."""
    hub = Hub()
    servers = [_Server(("127.0.0.1", 0), _handler(hub, name)) for name in ("hub", "cdn")]
    threads = [threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True) for server in servers]
    hub.url, hub.cdn = (f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
    for thread in threads:
        thread.start()
    try:
        yield hub
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()


def in_place_of_the_hub(hub: Hub, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let this process ask that server, as nobody in particular; conftest has set the client offline."""
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(folder / "token"))


def _handler(hub: Hub, host: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
            path = unquote(urlsplit(self.path).path)
            hub.requests.append(Request(self.command, host, path, self.headers.get("Range"), token))
            for part, replies in hub.replies.items():
                if part in path and replies:
                    replies.pop(0)(self)
                    return
            parts = re.fullmatch(r"/api/models/([^/]+/[^/]+)/(revision|tree)/(.+)|/([^/]+/[^/]+)/resolve/(.+)", path)
            repo = parts and hub.repositories.get(parts[1] or parts[4])
            if not parts or not repo:
                error(404, "RepoNotFound")(self)
            elif repo.token and host == "hub" and token != repo.token:
                error(401, "GatedRepo", "Access to this model is restricted")(self)
            elif parts[2]:
                _list(self, repo, parts[1], parts[2], parts[3])
            else:
                _resolve(self, hub, host, repo, parts[5])

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *ignored: object) -> None:
            pass

    return Handler


def _list(handler: BaseHTTPRequestHandler, repo: Repository, name: str, kind: str, revision: str) -> None:
    if revision not in (*repo.refs, repo.commit):
        error(404, "RevisionNotFound")(handler)
    elif kind == "tree":
        says(json.dumps([_in_tree(*file) for file in repo.files.items()]).encode())(handler)
    else:
        listed = _in_revision if "blobs=" in handler.path else _name_only
        siblings = [listed(*file) for file in repo.files.items()]
        says(json.dumps({"id": name, "sha": repo.commit, "siblings": siblings}).encode())(handler)


def _name_only(file: str, content: bytes) -> dict[str, object]:
    return {"rfilename": file}


def _in_revision(file: str, content: bytes) -> dict[str, object]:
    return {"rfilename": file, "size": len(content), "blobId": git_sha1(content), **_lfs(file, content, "sha256")}


def _in_tree(file: str, content: bytes) -> dict[str, object]:
    return {"type": "file", "path": file, "size": len(content), "oid": git_sha1(content), **_lfs(file, content, "oid")}


def _lfs(file: str, content: bytes, key: str) -> dict[str, object]:
    return {"lfs": {key: sha256(content), "size": len(content), "pointerSize": 134}} if is_lfs(file) else {}


def _resolve(handler: BaseHTTPRequestHandler, hub: Hub, host: str, repo: Repository, path: str) -> None:
    revision = next((ref for ref in (*repo.refs, repo.commit) if path.startswith(f"{ref}/")), None)
    if revision is None:
        error(404, "RevisionNotFound")(handler)
        return
    name = path.removeprefix(f"{revision}/")
    if name not in repo.files:
        error(404, "EntryNotFound", X_Repo_Commit=repo.commit)(handler)
        return
    listed, content = repo.files[name], hub.served.get(name, repo.files[name])
    lfs = is_lfs(name)
    headers = {"X-Repo-Commit": repo.commit, "ETag": f'"{git_sha1(listed)}"'}
    if lfs and host == "hub":
        linked = {"X-Linked-Etag": f'"{sha256(listed)}"', "X-Linked-Size": str(len(listed))}
        send(handler, 302, b"", {**headers, **linked, "Location": f"{hub.cdn}{urlsplit(handler.path).path}"})
        return
    _send_bytes(handler, hub, name, content, headers)


def _send_bytes(handler: BaseHTTPRequestHandler, hub: Hub, name: str, content: bytes, headers: dict[str, str]) -> None:
    wanted = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range") or "") if hub.ranges else None
    start, status = (int(wanted[1]), 206) if wanted else (0, 200)
    if start >= len(content) > 0 and wanted:
        error(416, Content_Range=f"bytes */{len(content)}")(handler)
        return
    if wanted:
        headers = {**headers, "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
    headers = {**headers, "Accept-Ranges": "bytes", "Content-Length": str(len(content) - start)}
    cuts = hub.cuts.get(name)
    if handler.command == "GET" and cuts:
        end = cuts.pop(0)
        handler.send_response(status)
        for key, value in headers.items():
            handler.send_header(key, value)
        handler.end_headers()
        handler.wfile.write(content[start : start + end])
        handler.close_connection = True  # before the length that was promised
        return
    send(handler, status, content[start:], headers)
