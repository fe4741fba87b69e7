"""What the reference says of tokens (docs/access.md, "Over HTTP")."""

from typing import Any

from chalicelib.reference import assets
from chalicelib.reference.documents import JSON, Answer, Body, Call, Words
from chalicelib.reference.schemas import arr, flag, obj, open_object, or_null, ref, text, whole

_MOMENT = text(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
_WHO = {
    "uid": text("What owners and access lists hold."),
    "name": text(),
    "permissions": arr(text()),
    "groups": arr(text()),
    "write_groups": arr(text(), "Those in whose name it may write."),
    "organisation": or_null(text()),
    "superuser": flag("May do everything."),
}
_ENTRY = {
    "id": text("Names the token; it cannot be used by it.", pattern="^[0-9a-f]{16}-[0-9a-f]{12}$"),
    "created_at": _MOMENT,
    "expires_at": or_null(_MOMENT),
    **_WHO,
}
_ALICE: dict[str, Any] = {
    "uid": "0123456789abcdef",
    "name": "alice",
    "permissions": ["signin"],
    "groups": ["g1"],
    "write_groups": ["g1"],
    "organisation": None,
    "superuser": False,
}
_LISTED = {
    "id": "0123456789abcdef-0123456789ab",
    "created_at": "2026-01-02T03:04:05Z",
    "expires_at": None,
    **_ALICE,
}


def _told(status: str, **fields: Any) -> dict[str, Any]:
    return {"_response_info": {"status": status}, **fields}


def _info(status: str) -> dict[str, Any]:
    return obj({"status": {"type": "string", "const": status}})


WORDS = Words(
    title="Tokens",
    description="Who calls, and with what: making, listing and withdrawing API tokens is for superusers.",
    calls={
        "GET /tokens": Call({200: Answer(ref("Tokens"), _told("ok", results=[_LISTED]))}, (403,)),
        "POST /tokens": Call(
            {201: Answer(ref("Created"), _told("created", token=f"am_{_ALICE['uid']}_...", **_LISTED))},
            (400, 403, 413, 415, 422),
            body=Body({JSON: (ref("Wanted"), {"name": "alice", "groups": ["g1"], "days": 7})}),
        ),
        "GET /tokens/self": Call({200: Answer(ref("Self"), _told("ok", **_ALICE))}, (403,)),
        "DELETE /tokens/{id}": Call(
            {
                200: Answer(
                    obj({"_response_info": _info("success"), "revoked": whole("Tokens withdrawn.", minimum=0)}),
                    _told("success", revoked=1),
                )
            },
            (403,),
            note="Refused everywhere within a minute.",
        ),
    },
    schemas={
        "Token": obj(_ENTRY),
        "Tokens": obj({"_response_info": _info("ok"), "results": arr(ref("Token"))}),
        "Created": obj({"_response_info": _info("created"), "token": text("Shown this once."), **_ENTRY}),
        "Self": obj({"_response_info": _info("ok"), **_WHO}),
        "Wanted": open_object(
            {
                "name": text(minLength=1, maxLength=200),
                "permissions": arr(text(minLength=1), maxItems=100),
                "groups": arr(text(minLength=1), maxItems=100),
                "organisation": or_null(text(minLength=1)),
                "superuser": flag(),
                "days": or_null(whole("Until it ends; never if left out.", minimum=1, maximum=36_500)),
            },
            required=["name"],
        ),
    },
    error=assets.WORDS.error,
    unauthenticated=assets.WORDS.unauthenticated,
    examples={
        **assets.WORDS.examples,
        400: {"_response_info": {"status": "the body must be a JSON object"}},
        422: {"_response_info": {"status": ["name must be a text of 1 to 200 bytes"]}},
    },
    variables={"id": (text(pattern="^[0-9a-f]{16}(-[0-9a-f]{12})?$"), _LISTED["id"])},
)
