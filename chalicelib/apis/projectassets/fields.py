"""The fields of a request body, each taken as its type demands; everything wrong is collected and told together
(docs/apis/projectassets.md, "Fields").
"""

import json
import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from chalicelib.apis.projectassets import errors, paths
from chalicelib.errors import Fault, FaultsFound, MalformedRequest
from chalicelib.web import bodies

LONGEST_NAME = 255
LONGEST_TEXT = 10_000
"""Characters of a text that has no limit of its own."""

LARGEST_DOCUMENT = 200_000
"""Bytes of JSON, all but ASCII escaped, that `meta_field_store` may have: so it lies in the row of its asset."""

_INTEGER = re.compile(r"-?[0-9]{1,40}")
_MOMENT = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,6})\d{0,6})?)?\s*(Z|z|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)
_WRONG_MOMENT = (
    "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)


class Fields:
    """What a body gives, and what is wrong with it.

    A getter returns None for a field that is not there or is wrong; `has` tells the former, `demand_valid` the latter.
    In a form everything is text, and an empty value of anything but a text means that the field is not there.
    """

    def __init__(self, given: dict[str, Any], *, is_form: bool) -> None:
        self._given = given
        self._is_form = is_form
        self.faults: list[Fault] = []

    def has(self, name: str) -> bool:
        """Whether the body has the field at all."""
        return name in self._given

    def is_set(self, name: str) -> bool:
        """Whether the body has the field, and with something in it."""
        return self._given.get(name) not in (None, "")

    def raw(self, name: str) -> Any:
        """The field as it came, None without it."""
        return self._given.get(name)

    def wrong(self, name: str, detail: str, code: str = "invalid") -> None:
        """Note that a field is wrong."""
        self.faults.append(Fault(code, detail, pointer=f"/{name}"))

    def demand_valid(self) -> None:
        """Refuse the body if anything in it was wrong. Raises FaultsFound."""
        if self.faults:
            raise FaultsFound(self.faults)

    def text(self, name: str, *, required: bool = False, longest: int = LONGEST_TEXT) -> str | None:
        """A text without blanks around it. One that is required must not be empty."""
        if not self.has(name):
            if required:
                self.wrong(name, errors.REQUIRED, "required")
            return None
        value = self._given[name]
        if value is None:
            self.wrong(name, errors.NOT_NULL, "null")
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self.wrong(name, "Not a valid string.")
            return None
        found = str(value).strip()
        if "\0" in found:
            self.wrong(name, "Null characters are not allowed.", "null_characters_not_allowed")
            return None
        if required and not found:
            self.wrong(name, errors.NOT_BLANK, "blank")
            return None
        if len(found) > longest:
            self.wrong(name, f"Ensure this field has no more than {longest} characters.", "max_length")
            return None
        return found

    def integer(self, name: str, *, nullable: bool = False) -> int | None:
        """A whole number, or its digits. With `nullable` null counts as not there."""
        value = self._given.get(name)
        if not self.has(name) or (value is None and nullable) or (value == "" and self._is_form):
            return None
        if value is None:
            self.wrong(name, errors.NOT_NULL, "null")
            return None
        if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self.wrong(name, "A valid integer is required.")
        return None

    def choice(self, name: str, choices: Collection[int]) -> int | None:
        """One of a few whole numbers."""
        value = self._given.get(name)
        if not self.has(name) or (value == "" and self._is_form):
            return None
        if value is None:
            self.wrong(name, errors.NOT_NULL, "null")
            return None
        for choice in choices:
            if str(value) == str(choice):
                return choice
        self.wrong(name, f'"{value}" is not a valid choice.', "invalid_choice")
        return None

    def flag(self, name: str) -> bool | None:
        """True or false, or a word for it."""
        value = self._given.get(name)
        if not self.has(name) or (value == "" and self._is_form):
            return None
        word = str(value).lower()
        if word in TRUE or word in FALSE:
            return word in TRUE
        self.wrong(name, "Must be a valid boolean.")
        return None

    def moment(self, name: str, *, nullable: bool = True) -> datetime | None:
        """A moment in ISO 8601, UTC unless it says otherwise; None for null as well."""
        value = self._given.get(name)
        if not self.has(name) or (value == "" and self._is_form):
            return None
        if value is None:
            if not nullable:
                self.wrong(name, errors.NOT_NULL, "null")
            return None
        found = moment_of(value) if isinstance(value, str) else None
        if found is None:
            self.wrong(name, _WRONG_MOMENT)
        return found

    def dictionary(self, name: str) -> dict[str, Any] | None:
        """A JSON object; in a form its text."""
        value = self._given.get(name)
        if not self.has(name) or (value == "" and self._is_form):
            return None
        if self._is_form and isinstance(value, str):
            try:
                value = bodies.parsed(value.encode())
            except MalformedRequest:
                self.wrong(name, "Value must be valid JSON.")
                return None
        if value is None:
            self.wrong(name, errors.NOT_NULL, "null")
            return None
        if not isinstance(value, dict):
            kind = type(value).__name__
            self.wrong(name, f'Expected a dictionary of items but got type "{kind}".', "not_a_dict")
            return None
        if len(json.dumps(value)) > LARGEST_DOCUMENT:
            self.wrong(name, f"Ensure this field has no more than {LARGEST_DOCUMENT} bytes.", "max_length")
            return None
        return value

    def directory(self, name: str, *, required: bool = False) -> str | None:
        """An absolute path that ends in a slash, normalised."""
        return self._path(name, paths.directory, required=required)

    def path(self, name: str, *, required: bool = False) -> str | None:
        """An absolute path of a file, normalised; empty only if it is not required."""
        return self._path(name, paths.file, required=required)

    def _path(self, name: str, normalise: Any, *, required: bool) -> str | None:
        found = self.text(name, required=required)
        if not found:
            return found
        try:
            normalised: str = normalise(found)
        except paths.NoPath as why:
            self.wrong(name, str(why))
            return None
        return normalised


TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
FALSE = frozenset({"false", "f", "no", "n", "off", "0"})


def moment_of(text: str) -> datetime | None:
    """The moment that an ISO 8601 text names, None if it names none. Without an offset it is UTC."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "0").ljust(6, "0")),
            tzinfo=_zone(offset),
        )
        utc = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return utc if utc.year >= 1000 else None  # strftime and strptime disagree about shorter years


def _zone(offset: str | None) -> timezone:
    if offset is None or offset in "Zz":
        return UTC
    digits = offset[1:].replace(":", "").ljust(4, "0")
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-away if offset[0] == "-" else away)
