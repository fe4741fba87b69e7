"""How operations are put together: what they need is made, its names are filled into a request, the request is sent.

What only reads shares one world with everything else that reads; what writes gets a world of its own. Names stand in
URLs, headers and bodies in angle brackets: `/assets/<asset>`; `#<asset>` is the name as a whole number.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.stage import Act, Stage
from chalicelib import aws
from chalicelib.settings import settings

Names = dict[str, str]
Maker = Callable[[Stage], Names]

OCTETS = {"Content-Type": "application/octet-stream"}
_NAME = re.compile(r"<(\w+)>")
_READS = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of an API.

    Args:
        api: whose it is.
        name: what it is, for the table.
        arrange: makes the world, and gives what does the operation in it.
    """

    api: str
    name: str
    arrange: Callable[[Stage], Act]


@dataclass(frozen=True, slots=True)
class Requests:
    """Builds the operations of an API that are requests."""

    api: str

    def __call__(
        self, name: str, method: str, url: str, needs: Maker | None = None, *, status: int | None = None, **options: Any
    ) -> Operation:
        """One operation.

        Args:
            name: what it is, for the table.
            method, url, options: as `Client.request` takes them, with names in angle brackets.
            needs: makes what there has to be, and tells its names.
            status: of the answer, where it is an error by design.
        """

        maker = needs or nothing
        shares = method in _READS or (status or 0) >= 400

        def arrange(stage: Stage) -> Act:
            names = stage.shared(maker) if shares else maker(stage)
            sent = filled(options, names)
            return stage.repeatable(lambda: stage.client.request(method, filled(url, names), **sent), status)

        return Operation(self.api, name, arrange)


def nothing(_: Stage) -> Names:
    """For what needs nothing."""
    return {}


def filled(value: Any, names: Names) -> Any:
    """A value with the names that stand in it in angle brackets filled in."""
    match value:
        case str() if value.startswith("#<"):
            return int(filled(value[1:], names))
        case str():
            return _NAME.sub(lambda found: names[found[1]], value)
        case dict():
            return {name: filled(one, names) for name, one in value.items()}
        case list():
            return [filled(one, names) for one in value]
    return value


def uploaded(stage: Stage) -> Names:
    """An upload whose bytes have arrived, and are not yet used by anything."""
    form = stage.sent("GET", "/s3/params?filename=a.txt&size=5").json()
    aws.s3().put_object(Bucket=settings().intake_bucket, Key=form["fields"]["key"], Body=b"hello")
    return {"upload": form["id"]}
