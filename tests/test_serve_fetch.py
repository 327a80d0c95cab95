"""Addresses → bytes, from public machines only. The server is real and local: it alone is allowed, by name."""

from __future__ import annotations

import gzip
import ipaddress
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from mt.errors import InputTooLong, MTError, SourceUnreadable, UnsupportedFormat
from serve.fetch import Fetched, Limits, fetch, is_public, resolve

HTML = "<!doctype html><p>خبر</p>".encode()
Answer = tuple[str, bytes]  # status line and headers, body


class Site(socketserver.ThreadingTCPServer):
    """Answers each path with the bytes it was given; `seen` holds the requests."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.answers: dict[str, Answer] = {}
        self.seen: list[str] = []
        self.drip = 0.0  # seconds between bytes


class Visit(socketserver.StreamRequestHandler):
    server: Site

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n") and (line := self.rfile.readline()):
            head += line
        self.server.seen.append(head.decode())
        top, body = self.server.answers[head.split()[1].decode()]
        data = f"HTTP/1.1 {top}\r\nConnection: close\r\n\r\n".encode() + body
        for byte in [data[i : i + 1] for i in range(len(data))] if self.server.drip else [data]:
            try:
                self.wfile.write(byte)
            except OSError:  # the other side has hung up, as it should
                return
            if self.server.drip:
                time.sleep(self.server.drip)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def fetch_here(site: Site) -> Callable[..., Fetched]:
    """`fetch` for which 127.0.0.1 is the internet; any other address stays what it is."""

    def anywhere(host: str, port: int) -> list[str]:
        return ["127.0.0.1"] if host.endswith(".example") else resolve(host, port)

    here = ipaddress.ip_address("127.0.0.1")
    return partial(fetch, allowed=lambda address: address == here, resolver=anywhere)


def url(site: Site, path: str = "/", host: str = "news.example") -> str:
    return f"http://{host}:{site.server_address[1]}{path}"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "203.0.113.9",
        "168.63.129.16", "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1",
        "2002:7f00:1::", "2002:808:808::1", "2001:0:4136:e378::1", "2001:db8::1", "3fff::1", "fc00::1",
        "fd00:ec2::254", "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1", "100::1", "5f00::1", "4000::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_the_open_internet_are_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"]
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]",
     "169.254.169.254", "[fe80::1]", "１２７.0.0.1"],
)  # fmt: skip
def test_no_way_of_writing_loopback_gets_through(site: Site, host: str) -> None:
    with pytest.raises(SourceUnreadable, match=r"not a public address|not known|cannot be fetched"):
        fetch(url(site, host=host))
    assert site.seen == []


def test_a_page_comes_with_type_charset_and_the_name_in_the_request(
    site: Site, fetch_here: Callable[..., Fetched]
) -> None:
    site.answers["/a?b=1"] = ("200 OK\r\nContent-Type: text/html; charset=windows-1256", HTML)
    there = url(site, "/a?b=1")
    assert fetch_here(there) == Fetched(HTML, "html", "windows-1256", there)
    assert f"Host: news.example:{site.server_address[1]}" in site.seen[0]
    assert not {"cookie", "authorization", "referer"} & {
        line.partition(":")[0].lower() for line in site.seen[0].split("\n")
    }


@pytest.mark.parametrize(
    ("path", "content_type", "kind"),
    [
        ("/a.md", "text/plain", "md"),
        ("/a", "text/plain", "txt"),
        ("/a.pdf", "application/octet-stream", "pdf"),
        ("/a", "application/pdf", "pdf"),
        ("/a", "application/octet-stream", None),
        ("/a.html", "text/markdown", "md"),
    ],
)
def test_the_type_says_the_kind_and_the_name_where_it_does_not(
    site: Site, fetch_here: Callable[..., Fetched], path: str, content_type: str, kind: str | None
) -> None:
    site.answers[path] = (f"200 OK\r\nContent-Type: {content_type}", b"x")
    assert fetch_here(url(site, path)).kind == kind


def test_a_redirect_is_followed_and_names_the_final_address(site: Site, fetch_here: Callable[..., Fetched]) -> None:
    site.answers["/"] = ("302 Found\r\nLocation: /b\r\nSet-Cookie: a=1\r\nContent-Length: 0", b"")
    site.answers["/b"] = ("200 OK\r\nContent-Type: text/html", HTML)
    assert fetch_here(url(site)).url == url(site, "/b")
    assert "Cookie" not in site.seen[1]


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.2:{port}/", "http://169.254.169.254/latest/meta-data/", "http://[::1]:{port}/", "file:///etc/passwd",
     "ftp://news.example/", "http://user:secret@news.example:{port}/b", "//10.0.0.1/", "gopher://127.0.0.1/"],
)  # fmt: skip
def test_a_redirect_is_checked_like_the_address_itself(
    site: Site, fetch_here: Callable[..., Fetched], target: str
) -> None:
    location = target.format(port=site.server_address[1])
    site.answers["/"] = (f"301 Moved\r\nLocation: {location}\r\nContent-Length: 0", b"")
    site.answers["/b"] = ("200 OK\r\nContent-Type: text/html", HTML)
    with pytest.raises(SourceUnreadable, match=r"not a public address|only http and https|unsupported protocol"):
        fetch_here(url(site))
    assert len(site.seen) == 1


def test_redirects_end(site: Site, fetch_here: Callable[..., Fetched]) -> None:
    site.answers["/"] = ("302 Found\r\nLocation: /\r\nContent-Length: 0", b"")
    with pytest.raises(SourceUnreadable, match=r"redirects more than 5 times\. Open it in a browser"):
        fetch_here(url(site))
    assert len(site.seen) == 6


def test_a_name_that_changes_its_address_is_asked_once_and_gains_nothing(site: Site) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) > 1 else ["127.0.0.9"]  # nobody listens at the address that is checked

    with pytest.raises(SourceUnreadable, match="cannot be fetched"):
        fetch(url(site), allowed=lambda address: str(address) == "127.0.0.9", resolver=rebinding)
    assert (asked, site.seen) == (["news.example"], [])


def test_one_private_address_among_public_ones_is_enough_to_refuse(site: Site) -> None:
    with pytest.raises(SourceUnreadable, match=r"news.example is not a public address"):
        fetch(url(site), resolver=lambda host, port: ["8.8.8.8", "127.0.0.1"])
    assert site.seen == []


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (("404 Not Found\r\nContent-Length: 0", b""), SourceUnreadable, "answered 404 Not Found. Open it in a browser"),
        (("200 OK\r\nContent-Type: image/png", b"x"), UnsupportedFormat, "is image/png; expected a web page"),
        (("200 OK\r\nContent-Type: text/html\r\nContent-Length: 99999999", b""), InputTooLong, "over 1,000 bytes"),
        (("200 OK\r\nContent-Type: text/html", b"x" * 5000), InputTooLong, "over 1,000 bytes"),
        (
            ("200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip", gzip.compress(b"x" * 200_000)),
            InputTooLong,
            "unpacked, has over 1,000 bytes",
        ),
        (("200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip", b"\x1f\x8bx"), SourceUnreadable, "gzip file"),
        (("200 OK\r\nContent-Type: text/html\r\nContent-Encoding: br", b"x"), UnsupportedFormat, "sent as br"),
        (("nonsense", b""), SourceUnreadable, "cannot be fetched"),
        (("200 OK\r\nContent-Type: text/html\r\nContent-Length: 900", b"x"), SourceUnreadable, "cannot be fetched"),
        (("302 Found\r\nLocation: http://[\r\nContent-Length: 0", b""), SourceUnreadable, "cannot be fetched"),
    ],
)
def test_what_is_no_article_is_refused_with_the_reason(
    site: Site, fetch_here: Callable[..., Fetched], answer: Answer, error: type[MTError], message: str
) -> None:
    site.answers["/"] = answer
    with pytest.raises(error, match=message):
        fetch_here(url(site), Limits(size=1000))


def test_a_packed_page_is_unpacked(site: Site, fetch_here: Callable[..., Fetched]) -> None:
    site.answers["/"] = ("200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip", gzip.compress(HTML))
    assert fetch_here(url(site)).data == HTML


def test_a_server_that_drips_bytes_is_left_when_the_time_is_over(
    site: Site, fetch_here: Callable[..., Fetched]
) -> None:
    site.answers["/"] = ("200 OK\r\nContent-Type: text/html", HTML)
    site.drip = 0.05  # each byte comes well within any time-out of a single read
    start = time.monotonic()
    with pytest.raises(SourceUnreadable, match="took over 0 seconds"):
        fetch_here(url(site), Limits(seconds=0.3))
    assert time.monotonic() - start < 1.5


def test_a_resolver_that_does_not_answer_is_left_when_the_time_is_over() -> None:
    never = threading.Event()

    def slow(host: str, port: int) -> list[str]:
        never.wait(5)
        return ["8.8.8.8"]

    start = time.monotonic()
    with pytest.raises(SourceUnreadable, match="took over 0 seconds"):
        fetch("http://news.example/", Limits(seconds=0.2), resolver=slow)
    assert time.monotonic() - start < 1.5
    never.set()


def test_proxies_of_the_environment_are_not_asked(
    site: Site, fetch_here: Callable[..., Fetched], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    site.answers["/"] = ("200 OK\r\nContent-Type: text/html", HTML)
    assert fetch_here(url(site)).data == HTML


@pytest.mark.parametrize(
    "address", ["http://", "http://news.example:99999/", "http://a b/", "http://u:p@news.example/", "ftp://x/"]
)
def test_addresses_that_are_none_are_refused(address: str) -> None:
    with pytest.raises(SourceUnreadable, match="Open it in a browser"):
        fetch(address, resolver=lambda host, port: [])
