"""An http(s) address → bytes, from public machines only.

A server that fetches what its users name is a way into its network (SSRF). So the name is resolved here, every address
it has must be public, and the connection goes to the very address that was checked: a name that resolves to something
else a moment later (DNS rebinding) gains nothing. Each redirect is a new connection and is checked again.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import PurePosixPath
from typing import Any

import httpcore
import httpx

from mt.errors import InputTooLong, SourceUnreadable, UnsupportedFormat
from serve.reader import FORMATS, MAX_FILE, gunzip

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

TYPES: dict[str, str | None] = {  # media type → kind; None: the name and the content say
    "text/html": "html", "application/xhtml+xml": "html", "text/plain": "txt", "text/markdown": "md",
    "application/pdf": "pdf", "application/octet-stream": None, "": None,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
}  # fmt: skip
NEXT_STEP = "Open it in a browser, save the page or its text, and give the file."


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a fetch may take; `seconds` is for all of it, redirects and slow servers included."""

    size: int = MAX_FILE
    seconds: float = 30.0
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave: `kind` as the reader has it, `url` after redirects."""

    data: bytes
    kind: str | None
    charset: str | None
    url: str


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open internet, and is no way of writing one that does not."""
    if isinstance(address, ipaddress.IPv6Address):
        # Global unicast is 2000::/3; mapped, NAT64 and local forms lie outside it, 6to4 and Teredo inside.
        return address.is_global and address in _UNICAST and not any(address in net for net in _TUNNELS)
    return address.is_global and not address.is_multicast and not any(address in net for net in _SPECIAL)


_UNICAST = ipaddress.IPv6Network("2000::/3")
_TUNNELS = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
_SPECIAL = tuple(map(ipaddress.IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")))  # last: Azure's


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host, as the system's resolver has them: also of 2130706433 and 0x7f.1."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def fetch(
    url: str,
    limits: Limits = Limits(),
    allowed: Callable[[Address], bool] = is_public,
    resolver: Callable[[str, int], Iterable[str]] = resolve,
) -> Fetched:
    """What the address gives: a page, text, PDF or Word document from a public machine.

    Raises:
        SourceUnreadable: refused, unreachable, slow, or an answer other than 200; InputTooLong; UnsupportedFormat.
    """
    deadline = time.monotonic() + limits.seconds
    transport = _Transport(_PublicNetwork(deadline, allowed, resolver))
    cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    client = httpx.Client(
        transport=transport, trust_env=False, cookies=cookies, follow_redirects=True, max_redirects=limits.redirects,
        timeout=limits.seconds, headers={"User-Agent": "khulasa", "Accept-Encoding": "gzip"},
    )  # fmt: skip
    try:
        with client, client.stream("GET", url) as response:
            return _read(response, limits)
    except httpx.TooManyRedirects as error:
        raise SourceUnreadable(f"{url} redirects more than {limits.redirects} times. {NEXT_STEP}") from error
    except httpx.TimeoutException as error:
        raise SourceUnreadable(f"{url} took over {limits.seconds:.0f} seconds. {NEXT_STEP}") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as error:
        raise SourceUnreadable(f"{url} cannot be fetched: {error or type(error).__name__}. {NEXT_STEP}") from error


def _read(response: httpx.Response, limits: Limits) -> Fetched:
    url = str(response.url)
    if response.status_code != 200:
        raise SourceUnreadable(f"{url} answered {response.status_code} {response.reason_phrase}. {NEXT_STEP}")
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in TYPES:
        raise UnsupportedFormat(f"{url} is {media_type[:80]}; expected a web page, text, Markdown, PDF or .docx")
    kind = TYPES[media_type]
    if kind in (None, "txt"):  # servers call Markdown plain text, and everything an octet stream
        kind = FORMATS.get(PurePosixPath(response.url.path).suffix.lower(), kind)
    return Fetched(_body(response, url, limits.size), kind, response.charset_encoding, url)


def _body(response: httpx.Response, url: str, limit: int) -> bytes:
    """The body, unpacked; neither form of it may pass the limit, and what would is not read."""
    too_long = InputTooLong(f"{url} has over {limit:,} bytes, the most that is fetched; save the text of the article")
    stated = response.headers.get("content-length", "")
    if stated.isdigit() and int(stated[:20]) > limit:
        raise too_long
    data = bytearray()
    for chunk in response.iter_raw():
        data += chunk
        if len(data) > limit:
            raise too_long
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("gzip", "x-gzip"):
        return gunzip(bytes(data), url, limit)
    if encoding not in ("identity", ""):
        raise UnsupportedFormat(f"{url} is sent as {encoding[:40]}, which was not asked for. {NEXT_STEP}")
    return bytes(data)


class _PublicNetwork(httpcore.NetworkBackend):
    """Connects to allowed addresses only, and lets nothing outlast the deadline."""

    def __init__(
        self, deadline: float, allowed: Callable[[Address], bool], resolver: Callable[[str, int], Iterable[str]]
    ) -> None:
        self.deadline, self.allowed, self.resolver = deadline, allowed, resolver
        self.network = httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        """A connection to an address of the host; refused if any of its addresses is."""
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._addresses(host, port):
            try:  # a literal address: nothing is resolved again
                stream = self.network.connect_tcp(address, port, timeout=left(self.deadline))
                return _TimedStream(stream, self.deadline)
            except httpcore.ConnectError as error:
                failure = error
        raise failure

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = [ipaddress.ip_address(text) for text in self._resolved(host, port)]
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"the address of {host} was not found in time") from error
        except (OSError, UnicodeError, ValueError) as error:
            raise httpcore.ConnectError(f"{host} is not known to the network") from error
        for address in found:
            if not self.allowed(address):
                raise httpcore.ConnectError(f"{host} is not a public address")
        return [str(address) for address in found]

    def _resolved(self, host: str, port: int) -> list[str]:
        """What the resolver says in time; a system's resolver knows no time limit and is left behind in its thread."""
        answer: Future[list[str]] = Future()

        def ask() -> None:
            try:
                answer.set_result(list(self.resolver(host, port)))
            except BaseException as error:  # raised again where the answer is waited for
                answer.set_exception(error)

        threading.Thread(target=ask, daemon=True).start()
        return answer.result(left(self.deadline))


class _TimedStream(httpcore.NetworkStream):
    """A connection each of whose steps has only what is left of the whole time."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self.stream, self.deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, timeout=left(self.deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, timeout=left(self.deadline))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self.stream.start_tls(ssl_context, server_hostname, left(self.deadline))
        return _TimedStream(secured, self.deadline)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def left(deadline: float) -> float:
    """The seconds until the deadline."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise httpcore.ReadTimeout("the time is over")
    return seconds


class _Transport(httpx.BaseTransport):
    """httpx on a network of ours; the name stays in the request, for Host, SNI and the certificate."""

    def __init__(self, network: httpcore.NetworkBackend) -> None:
        self.pool = httpcore.ConnectionPool(httpx.create_ssl_context(trust_env=False), network_backend=network)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        if url.scheme not in ("http", "https") or url.userinfo:
            raise httpx.UnsupportedProtocol("only http and https addresses without a user name are fetched")
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        sent = httpcore.Request(request.method, target, headers=request.headers.raw, extensions=request.extensions)
        with _as_httpx():
            answer = self.pool.handle_request(sent)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    def close(self) -> None:
        self.pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self.answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self.answer.iter_stream()

    def close(self) -> None:
        self.answer.close()


@contextmanager
def _as_httpx() -> Iterator[None]:
    """httpcore's exceptions, which have no common base, as httpx's."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise httpx.ReadTimeout(str(error)) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
        raise httpx.ReadError(str(error)) from error
