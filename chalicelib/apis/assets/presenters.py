"""The JSON answers of the GOV.UK API (docs/apis/assets.md, "Answers")."""

from typing import Any
from urllib.parse import quote

from chalicelib.apis.assets.models import Asset

_OPTIONAL = ("redirect_url", "replacement_id", "parent_document_url")
_ACCESS = ("access_limited", "access_limited_organisation_ids", "auth_bypass_ids")


def asset(row: Asset, status: str, *, api: str, assets: str, with_access: bool = False) -> dict[str, Any]:
    """An asset as the API shows it.

    Args:
        status: `created`, `ok` or `success`.
        api, assets: scheme and host of the API and of the public assets host.
        with_access: show the access lists too.
    """
    answer = {"_response_info": {"status": status}, **facts(row, api=api, assets=assets)}
    if with_access:
        answer |= {name: list(getattr(row, name) or []) for name in _ACCESS}
    return answer


def facts(row: Asset, *, api: str, assets: str) -> dict[str, Any]:
    """What is shown of an asset wherever it is shown; `api` and `assets` as for `asset`."""
    answer: dict[str, Any] = {
        "id": f"{api}/assets/{row.asset_id}",
        "name": row.name,
        "content_type": row.content_type,
        "size": int(row.size),
        "file_url": f"{assets}{encoded(row.public_path)}",
        "state": row.state,
        "draft": bool(row.draft),
        "deleted": row.deleted_at is not None,
    }
    answer |= {name: getattr(row, name) for name in _OPTIONAL if getattr(row, name)}
    return answer


def encoded(path: str) -> str:
    """A decoded path, percent-encoded for a URL."""
    return quote(path, safe="/-._~!$&'()*+,;=:@")


def query_encoded(text: str) -> str:
    """A name or value of a query string, percent-encoded."""
    return quote(text, safe="")


def location_encoded(location: str) -> str:
    """A URL as a caller gave it, with whatever may not stand in a header percent-encoded and nothing encoded twice."""
    return quote(location, safe="/-._~!$&'()*+,;=:@?#[]%")
