"""Which of our hosts a request was made to, and the addresses of all of them.

The `Host` header is compared with the configured origins. `X-Forwarded-Host` is believed only beside the secret that
our own distributions add as `X-Origin-Secret`: anyone can send the former, nobody else the latter.
"""

import functools
import hmac
from enum import StrEnum
from urllib.parse import urlsplit

from chalicelib.settings import settings
from chalicelib.web.request import Request

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Host(StrEnum):
    """The hosts that the product answers on."""

    API = "api"
    ASSETS = "assets"
    DRAFT = "draft"
    STORES = "stores"


def host_of(request: Request) -> Host:
    """The host asked for. One that is not configured is the API, which gives away the least."""
    asked = request.headers.get("host", "")
    secret = settings().origin_secret
    given = request.headers.get("x-origin-secret", "")
    if secret and hmac.compare_digest(given.encode(errors="replace"), secret.encode()):
        asked = request.headers.get("x-forwarded-host", asked)
    for host in (Host.API, Host.ASSETS, Host.DRAFT, Host.STORES):
        configured = _configured(host)
        if configured and _same_host(asked, configured):
            return host
    return Host.API


def answering(host: Host) -> Host:
    """The host that answers for one: itself if it has an origin of its own, else the API. For stores that is the public
    assets host, if it has one, so that what they hold does not share an origin with the API and the console."""
    if _configured(host):
        return host
    return Host.ASSETS if host is Host.STORES and _configured(Host.ASSETS) else Host.API


def origin(host: Host, request: Request) -> str:
    """Scheme and host of the one that answers for one of our hosts, without a slash at the end.

    Without an `API_ORIGIN`, that of the API is the domain API Gateway was called by, followed by the stage where the
    domain is API Gateway's own.
    """
    configured = _configured(answering(host))
    if configured:
        return configured.rstrip("/")
    domain = str(request.context.get("domainName") or "")
    stage = str(request.context.get("stage") or "")
    if not domain:
        return ""
    return f"https://{domain}/{stage}" if stage and ".execute-api." in domain else f"https://{domain}"


def _configured(host: Host) -> str:
    ours = settings()
    match host:
        case Host.API:
            return ours.api_origin
        case Host.ASSETS:
            return ours.assets_origin
        case Host.DRAFT:
            return ours.draft_assets_origin
        case Host.STORES:
            return ours.stores_origin


@functools.lru_cache(maxsize=256)
def _same_host(asked: str, configured: str) -> bool:
    wanted = urlsplit(configured)
    default = _DEFAULT_PORTS.get(wanted.scheme)
    try:
        got = urlsplit(f"//{asked}")
        return (got.hostname, got.port or default) == (wanted.hostname, wanted.port or default)
    except ValueError:
        return False
