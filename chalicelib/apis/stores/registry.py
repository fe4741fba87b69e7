"""Which workers there are: the built-in ones, declared in code, and those that other organisations register
(docs/apis/stores.md, "Workers").
"""

import json
import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute

from chalicelib import clock, workers
from chalicelib.apis.stores import access, errors, parameters
from chalicelib.apis.stores.access import Right
from chalicelib.apis.stores.task_models import WORKERS, Registered
from chalicelib.errors import Conflict
from chalicelib.identity import Principal
from chalicelib.rows import ConditionFailed, Delete, TransactionCancelled, absent, put, transact

RUN_WORKERS = "Run workers"
"""The permission to register workers, and so to get the files that they are asked to process."""

MOST_EXTENSIONS = 20
_LONGEST_TEXT = 20_000
_LARGEST_SCHEMA = 50_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)
_EXTENSION = re.compile(r"(\.[a-z0-9_-]{1,20}){1,3}", re.ASCII)

READY, PROCESSING, ERROR = "ready", "processing", "error"


@dataclass(frozen=True, slots=True)
class Offer:
    """A worker as everybody sees it."""

    name: str
    type: str
    description: str
    extensions: tuple[str, ...]
    parameters: dict[str, Any]
    docs: str
    status: str


@dataclass(frozen=True, slots=True)
class Match:
    """Who takes a file: the type under which workers are asked, the lane they are asked in, and what they need to know.

    Attributes:
        extension: of the file, as it is written there.
        parameters: the worker's own description of its parameters.
        built_in: whether the product does it itself.
    """

    type: str
    lane: str
    extension: str
    parameters: dict[str, Any]
    built_in: bool


def offers(name: str | None = None) -> list[Offer]:
    """All workers, or the one of a name: built-in ones first, then by name. One Query."""
    rows = list(_Either.below(WORKERS, "work"))
    busy = {row.sk.removeprefix("working#"): row for row in rows if row.sk.startswith("working#")}

    def status(of: str) -> str:
        row = busy.get(of)
        if row is None:
            return READY
        return ERROR if row.lost else PROCESSING if row.tasks else READY

    found = [
        Offer(one.name, one.type, one.description, tuple(one.extensions), one.parameters, one.docs, status(one.name))
        for one in workers.BUILT_IN
    ]
    for row in rows:
        if row.sk.startswith("worker#"):
            of = row.sk.removeprefix("worker#")
            extensions = tuple(row.extensions)
            found.append(Offer(of, row.type, row.description, extensions, row.parameters, row.docs, status(of)))
    return [offer for offer in found if name in (None, offer.name)]


def match(worker_type: str, filename: str) -> Match:
    """Who takes a file.

    Raises:
        MalformedRequest: nobody does.
    """
    built_in = workers.find(worker_type)
    if built_in is not None and built_in.takes(filename):
        extension = _longest(built_in.extensions, filename)
        return Match(
            built_in.type, built_in.type, filename[len(filename) - len(extension) :], built_in.parameters, True
        )
    able = [
        (extension, row)
        for row in Registered.below(WORKERS, "worker#")
        if row.type == worker_type and (extension := _longest(tuple(row.extensions), filename))
    ]
    if not able:
        raise errors.no_worker(worker_type)
    extension, row = max(able, key=lambda pair: len(pair[0]))
    written = filename[len(filename) - len(extension) :]
    return Match(row.type, f"{row.type}/{extension}", written, row.parameters, False)


def lanes_of(row: Registered) -> list[str]:
    """The lanes in which a registered worker looks for tasks."""
    return [f"{row.type}/{extension}" for extension in row.extensions]


def register(principal: Principal, fields: dict[str, Any], literals: Container[str]) -> str:
    """Put a worker on the list, or change it if it is the caller's own. Returns its name.

    Args:
        literals: the segments that the routes have in the place of a worker's name.

    Raises:
        Unauthenticated: the caller is no administrator and may not run workers.
        MalformedRequest
        Conflict: the name is another's.
    """
    if not access.is_admin(principal) and not principal.has(RUN_WORKERS):
        raise errors.access_required(Right.ADMIN)
    name, kind = (_name(fields, field) for field in ("name", "type"))
    if workers.find(name) is not None or name in literals:
        raise errors.worker_in_use(name)
    row = Registered.at(name)
    row.type, row.owner, row.registered_at = kind, principal.uid, clock.now()
    row.extensions = _extensions(parameters.required(fields, "extensions"))
    row.description = parameters.text_of(fields.get("description"), "description", _LONGEST_TEXT)
    row.docs = parameters.text_of(fields.get("docs"), "docs", _LONGEST_TEXT)
    row.parameters = _schema(fields.get("parameters"))
    try:
        put(row, absent(Registered) | (Registered.owner == principal.uid))
    except ConditionFailed:
        raise errors.worker_in_use(name) from None
    return name


def unregister(principal: Principal, fields: dict[str, Any]) -> None:
    """Take a worker off the list. The task that it has comes back when its lease ends.

    Raises:
        Unauthenticated: the caller is no administrator.
        MalformedRequest: there is no such worker.
        Conflict: it is built in.
    """
    access.demand_admin(principal)
    name = parameters.required_text(fields, "name")
    if any(one.name == name for one in workers.BUILT_IN):
        raise Conflict("Worker is built in", details=[f"The worker '{name}' belongs to the product and stays."])
    try:
        transact(Delete(Registered.at(name), Registered.owner.exists()))
    except TransactionCancelled as cancelled:
        if not cancelled.failed:
            raise
        raise errors.worker_not_found() from None


def owned(principal: Principal, name: str) -> Registered:
    """A registered worker, for whoever registered it and for administrators.

    Raises:
        MalformedRequest: there is no such worker, or not for this caller.
    """
    row = Registered.find(*_key(name))
    if row is None or (row.owner != principal.uid and not access.is_admin(principal)):
        raise errors.worker_not_found()
    return row


class _Either(Registered):
    """A registered worker or how busy one is, as one Query finds both."""

    tasks = NumberAttribute(null=True)
    lost = BooleanAttribute(null=True)


def _key(name: str) -> tuple[str, str]:
    row = Registered.at(name)
    return row.pk, row.sk


def _longest(extensions: tuple[str, ...], filename: str) -> str:
    """The longest of some extensions that a file has, without case; empty if none."""
    name = filename.rpartition("/")[2].lower()
    return max((one for one in extensions if name.endswith(one) and len(name) > len(one)), key=len, default="")


def _name(fields: dict[str, Any], field: str) -> str:
    name = parameters.required_text(fields, field)
    if not _NAME.fullmatch(name):
        raise errors.invalid_name(field)
    return name


def _extensions(value: Any) -> list[str]:
    found = list(dict.fromkeys(one.lower() for one in parameters.texts(value, "extensions")))
    if len(found) > MOST_EXTENSIONS or not all(map(_EXTENSION.fullmatch, found)):
        raise errors.invalid_data(f"There are at most {MOST_EXTENSIONS} extensions, each with its dot: .svg, .tlp.gz")
    return found


def _schema(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(json.dumps(value)) > _LARGEST_SCHEMA:
        raise errors.invalid_data(f"The parameters have to be a JSON object of at most {_LARGEST_SCHEMA} bytes.")
    if "schema" in value and (problems := workers.schema_problems(value["schema"])):
        raise errors.invalid_data(f"The schema of the parameters: {problems[0]}")
    return value
