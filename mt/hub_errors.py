"""What the hub, its client and the network refuse, in our words: each with the next step.

httpx2, which huggingface_hub speaks through, has errors that are no OSError; the hub says by a header what is wrong.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mt.errors import ConfigError, ModelError, ModelNotFound, MTError
from mt.registry import HubSource

if TYPE_CHECKING:
    from httpx2 import HTTPError
    from huggingface_hub.errors import HfHubHTTPError

HUB = "https://huggingface.co"
TOKEN = "`hf auth login`, or set HF_TOKEN"


def endpoint() -> str:
    """The address of the hub: HF_ENDPOINT at this moment, else huggingface.co; ConfigError if it is none."""
    address = (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")
    try:
        parts = urlsplit(address)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number
        sound = False
    if not sound:
        raise ConfigError(f"HF_ENDPOINT={address}: expected an address like {HUB}; unset it for that one")
    return address


@contextmanager
def explained(source: HubSource) -> Iterator[None]:
    """What the hub, its client and the network raise becomes one of ours, with the next step."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # read at import: the client would ask which tool we are
    from httpx2 import HTTPError, InvalidURL, LocalProtocolError
    from huggingface_hub.errors import HFValidationError, OfflineModeIsEnabled

    try:
        yield
    except MTError:
        raise
    except OfflineModeIsEnabled as error:
        raise ModelError(f"HF_HUB_OFFLINE (or TRANSFORMERS_OFFLINE) is set: what is on disk works so, but to get "
                         f"{source.repo} from the hub, unset it for this command") from error  # fmt: skip
    except HFValidationError as error:
        raise ConfigError(f"{source.repo!r} cannot be the name of a repository: {error}") from error
    except (UnicodeEncodeError, LocalProtocolError):  # whose message would show it
        raise ConfigError(f"HF_TOKEN, or what was saved as a token, is none: expected ASCII letters; {TOKEN}") from None
    except HTTPError as error:
        raise _explain(error, source) from error
    except InvalidURL as error:
        raise ConfigError(f"{endpoint()} cannot be asked for {source.repo} ({error}): check HF_ENDPOINT, and `source` "
                          f"in models.yaml") from error  # fmt: skip
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{endpoint()} does not answer for {source.repo} as a model hub does ({error!r:.200}): check "
                         f"HF_ENDPOINT, or try again later") from error  # fmt: skip


def _explain(error: HTTPError, source: HubSource) -> MTError:
    from huggingface_hub import errors

    hub, repo = endpoint(), source.repo
    if not isinstance(error, errors.HfHubHTTPError):
        return ModelError(f"no connection to {hub} ({str(error) or type(error).__name__}): check the network, "
                          f"HTTPS_PROXY, HF_ENDPOINT; run the command again, it goes on where it stopped")  # fmt: skip
    status = error.response.status_code
    if isinstance(error, errors.GatedRepoError):
        return ModelNotFound(f"{repo} is gated: ask for access at {hub}/{repo}, then {TOKEN}")
    if isinstance(error, errors.DisabledRepoError):
        return ModelNotFound(f"{repo} has been disabled by {hub}; choose another model (`khulasa models list`)")
    if isinstance(error, errors.RepositoryNotFoundError):
        return ModelNotFound(f"{hub} has no repository {repo}, or it is private: check its name in models.yaml; for a "
                             f"private one, {TOKEN}")  # fmt: skip
    if isinstance(error, errors.RevisionNotFoundError):
        return ModelNotFound(f"{repo} has no revision {source.revision!r}: see {hub}/{repo}/commits/main, and check "
                             f"`source` in models.yaml")  # fmt: skip
    if status in (401, 403):
        return ModelNotFound(f"{hub} refuses us {repo} ({status}); if HF_TOKEN is set it may have expired: {TOKEN}")
    if status == 404:
        return ModelError(f"{hub} answers 404 for {repo}, unlike a model hub: check HF_ENDPOINT, or try again later")
    if status == 429:
        when = f"in {seconds} seconds" if (seconds := asked_to_wait(error)) else "later"
        return ModelError(f"{hub} says we ask too much (429): run the command again {when}, it goes on where it "
                          f"stopped; with a token it allows more ({TOKEN})")  # fmt: skip
    return ModelError(f"{hub} answers {status} for {repo}: run the command again later, it goes on where it stopped")


def asked_to_wait(error: HfHubHTTPError) -> int:
    """Seconds after which a server that has had enough of us wants to be asked again; 0 if it does not say."""
    headers = error.response.headers
    found = re.fullmatch(r"(\d{1,9})", headers.get("Retry-After", ""), re.ASCII) or re.search(
        r"r=0;\s*t=(\d{1,9})", headers.get("ratelimit", ""), re.ASCII
    )
    return int(found[1]) if found else 0
