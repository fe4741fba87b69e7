"""Serving an asset's file: who gets what, decided in policy order, and the bytes (docs/apis/assets.md, "Serving").

`_decide` is the list of guard clauses; each step either answers or passes on. The bytes come from the media bucket when
they are published there, so that the API gives the same validators as the edge, and from the library otherwise.
"""

from dataclasses import dataclass

from chalice.app import Response

from chalicelib.apis.assets import placeholder, presenters
from chalicelib.apis.assets.models import Asset, Former, State
from chalicelib.apis.assets.publishing import PUBLIC_CACHE, edition_of
from chalicelib.errors import Forbidden, Gone, NotFound
from chalicelib.files import names, objects
from chalicelib.settings import settings
from chalicelib.web import delivery, policies
from chalicelib.web.authentication import signed_in
from chalicelib.web.hosts import Host, host_of, origin
from chalicelib.web.request import Request
from chalicelib.web.responses import redirect

PRIVATE_CACHE = "no-cache, private, no-store"
BYPASS_LIMITS = "Bypass access-limiting"
_NO_STORE = "private, no-store"
_PLACEHOLDER_CACHE = "max-age=60, public"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a media request asks for.

    Attributes:
        asset_id: None when the path leads to none.
        name: the file name in the path; None for a whitehall path, which has no other names.
    """

    asset_id: str | None
    name: str | None


def serve(request: Request, wanted: Wanted) -> Response:
    """The answer to a GET or HEAD of a media path.

    Raises:
        NotFound, Gone, Forbidden, Unauthenticated, InvalidToken
    """
    host = host_of(request)
    if host is Host.STORES:
        raise NotFound
    answer = _decide(request, host, wanted)
    for name, value in policies.MEDIA.items():
        answer.headers.setdefault(name, value)
    return answer


def _decide(request: Request, host: Host, wanted: Wanted) -> Response:
    asset = Asset.get_by_id(wanted.asset_id) if wanted.asset_id is not None else None
    if asset is None:
        if host is not Host.ASSETS:
            signed_in(request)
        raise NotFound
    if asset.deleted_at:
        raise Gone
    if (target := _replacement(request, host, asset)) is not None:
        return redirect(target, 301, headers={"Cache-Control": PUBLIC_CACHE})
    if asset.draft and host is Host.ASSETS:
        return _to_draft_host(request)
    if host is not Host.ASSETS:
        _demand_access(request, asset)
    is_current = wanted.name in (None, asset.name)
    if not is_current and not _had_name(asset, wanted.name or ""):
        raise NotFound
    is_whitehall = wanted.name is None
    if asset.state != State.CLEAN and (not is_whitehall or asset.state != State.UNSCANNED):
        raise NotFound
    if not is_current:
        return _to_current_name(host, asset)
    if asset.redirect_url:
        location = asset.redirect_url
        absolute = f"{origin(host, request)}{location}" if location.startswith("/") else location
        return redirect(presenters.location_encoded(absolute), headers={"Cache-Control": _cache(host)})
    if asset.state != State.CLEAN:
        cache = _PLACEHOLDER_CACHE if host is Host.ASSETS else PRIVATE_CACHE
        return redirect(placeholder.path_for(asset.name), headers={"Cache-Control": cache})
    return _bytes(request, asset, _headers(host, asset))


def _replacement(request: Request, host: Host, asset: Asset) -> str | None:
    """The address of the asset's replacement, if readers of this host are to be sent there."""
    if not asset.replacement_id:
        return None
    replacement = Asset.get_by_id(asset.replacement_id)
    if replacement is None or (replacement.draft and host is not Host.DRAFT):
        return None
    where = origin(Host.DRAFT if replacement.draft else Host.ASSETS, request)
    return f"//{where.partition('://')[2]}{presenters.encoded(replacement.public_path)}"


def _to_draft_host(request: Request) -> Response:
    token = request.query_params.get("token")
    query = "&".join(
        f"{presenters.query_encoded(name)}={presenters.query_encoded(value)}"
        for name in request.query_params
        for value in request.query_params.getlist(name)
    )
    target = f"{origin(Host.DRAFT, request)}{request.raw_path}{'?' if query else ''}{query}"
    # A token in the query must not end up in a shared cache's copy of this answer.
    return redirect(
        presenters.location_encoded(target), headers={"Cache-Control": _NO_STORE if token else _PLACEHOLDER_CACHE}
    )


def _to_current_name(host: Host, asset: Asset) -> Response:
    target = presenters.encoded(asset.public_path)
    body = f'<html><body>You are being <a href="{target}">redirected</a>.</body></html>'
    return redirect(target, body=body, headers={"Cache-Control": _cache(host)})


def _demand_access(request: Request, asset: Asset) -> None:
    """Let pass whoever may see this asset on the draft and the API host.

    Raises:
        Unauthenticated, InvalidToken: somebody has to log in first.
        Forbidden: they may not use this API, or the asset is a draft for others only.
    """
    claims = _bypass_claims(request)
    if claims.get("sub") in (asset.auth_bypass_ids or []):
        return
    if claims.get("draft_asset_manager_access") is True and not asset.access_is_limited:
        return
    caller = signed_in(request)
    if not asset.draft or not asset.access_is_limited or caller.has(BYPASS_LIMITS):
        return
    if caller.uid in (asset.access_limited or []):
        return
    if caller.organisation in (asset.access_limited_organisation_ids or []):
        return
    raise Forbidden


def _bypass_claims(request: Request) -> dict[str, object]:
    """The claims of a valid auth-bypass token (JWT, HS256) in the query or else the cookie; none without one."""
    secret = settings().auth_bypass_secret
    token = request.query_params.get("token") or request.cookie("auth_bypass_token")
    if not secret or not token:
        return {}
    # Imported here: only requests that bring such a token pay for it.
    import jwt

    try:
        return dict(jwt.decode(token, secret, algorithms=["HS256"], options={"verify_aud": False}))
    except jwt.InvalidTokenError:
        return {}


def _had_name(asset: Asset, name: str) -> bool:
    if len(name.encode()) > names.LONGEST_NAME:
        return False  # nor would it fit into a key
    return any(Former.below(asset.pk, f"former#{name}#", limit=1))


def _headers(host: Host, asset: Asset) -> dict[str, str]:
    headers = {"Cache-Control": _cache(host), "Content-Disposition": objects.disposition(asset.name)}
    if asset.parent_document_url:
        headers["Link"] = f'<{asset.parent_document_url}>; rel="up"'
    return headers


def _cache(host: Host) -> str:
    return PUBLIC_CACHE if host is Host.ASSETS else PRIVATE_CACHE


def _bytes(request: Request, asset: Asset, headers: dict[str, str]) -> Response:
    parcel = delivery.Parcel(
        library_key=asset.library_key,
        published_at=asset.public_path if edition_of(asset) is not None else None,
        name=asset.name,
        content_type=names.served_as(asset.content_type),
        size=int(asset.size),
        headers=headers,
        etag=asset.legacy_etag,
        last_modified=asset.legacy_last_modified,
    )
    return delivery.deliver(request, parcel)
