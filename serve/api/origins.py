"""Which web pages may ask a server, and what the server's own page may ask: the rules that browsers keep for us."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from serve.settings import Settings

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # methods that change nothing and start no work

# The page needs inline scripts, eval and workers (gradio); whatever it does, it reaches no other host.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; "
    "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": _POLICY,
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def own_name(headers: Headers, settings: Settings) -> bool:
    """Whether the request was sent to a name of this server.

    A page elsewhere can make its own name mean this address (DNS rebinding), and the browser then takes us for its
    origin. That needs a name with a dot; an address, localhost, and what the administrator named are ours.
    """
    name = _host_name(f"//{headers.get('host', '')}")
    if "." not in name or name.endswith(".localhost") or name == settings.host or "*" in settings.cors:
        return True
    try:
        return bool(ip_address(name))
    except ValueError:
        return name in map(_host_name, settings.cors)


def foreign(headers: Headers, cors: tuple[str, ...]) -> bool:
    """Whether a browser sent this for a page of another origin; other clients say neither of the two headers."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if "*" in cors or origin in cors:
        return False
    if site is not None:
        return site not in ("same-origin", "none")
    # A proxy's X-Forwarded-Host may be believed: no page can set it without being asked first, by a preflight.
    own = (headers.get("host"), headers.get("x-forwarded-host"))
    return origin is not None and origin.partition("://")[2] not in own


def _host_name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return "."  # nobody's name
