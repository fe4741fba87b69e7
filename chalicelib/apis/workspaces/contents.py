"""What an asset may hold: the rules of the body of a PUT (docs/apis/workspaces.md, "Assets").

Each broken rule is a sentence, and all of them are told at once.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from chalicelib.apis.workspaces import errors

LARGEST = 300_000
"""Bytes of JSON that an asset has at most."""

MOST_DEPENDENCIES = 2_000

_MAIN = r"^(/resources/.*)?$"
_RULED = ("comment", "tags", "dependencies", "semantics", "main", "meta")


@dataclass(frozen=True, slots=True)
class Content:
    """What a client says of an asset. `more` is what it sent besides, kept and shown as it is."""

    main: str = ""
    dependencies: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)


def read(body: Any) -> Content:
    """The content that a body gives; what is left out has its default, and a `meta` is ignored.

    Raises:
        MalformedRequest: rules are broken; the sentence tells all of them.
        BodyTooLarge
    """
    if body is None:
        body = {}
    if not isinstance(body, dict):
        raise errors.corrupted(errors.ASSET, "instance is not of a type(s) object")
    wrong = _broken_rules(body)
    if wrong:
        raise errors.corrupted(errors.ASSET, ",".join(wrong))
    if len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()) > LARGEST:
        raise errors.too_large("the asset", LARGEST)
    more = {"comment": body.get("comment", ""), "tags": sorted(body.get("tags", []))}
    if "semantics" in body:
        more["semantics"] = body["semantics"]
    more |= {name: value for name, value in body.items() if name not in _RULED}
    return Content(body.get("main", ""), sorted(body.get("dependencies", [])), more)


def _broken_rules(body: dict[str, Any]) -> list[str]:
    wrong = []
    if not isinstance(body.get("comment", ""), str):
        wrong.append("instance.comment is not of a type(s) string")
    wrong += _list_rules(body, "tags", str)
    wrong += _list_rules(body, "dependencies", str)
    if not wrong and len(body.get("dependencies", ())) > MOST_DEPENDENCIES:
        wrong.append(f"instance.dependencies does not meet maximum length of {MOST_DEPENDENCIES}")
    wrong += _list_rules(body, "semantics", str, dict)
    main = body.get("main", "")
    if not isinstance(main, str):
        wrong.append("instance.main is not of a type(s) string")
    elif not re.fullmatch(_MAIN, main, re.DOTALL):
        wrong.append(f'instance.main does not match pattern "{_MAIN}"')
    return wrong


def _list_rules(body: dict[str, Any], name: str, *kinds: type) -> list[str]:
    value = body.get(name, [])
    if not isinstance(value, list):
        return [f"instance.{name} is not of a type(s) array"]
    named = ",".join("string" if kind is str else "object" for kind in kinds)
    wrong = [
        f"instance.{name}[{number}] is not of a type(s) {named}"
        for number, one in enumerate(value)
        if not isinstance(one, kinds)
    ]
    texts = [json.dumps(one, sort_keys=True) for one in value]
    if len(set(texts)) < len(texts):
        wrong.append(f"instance.{name} contains duplicate item")
    return wrong
