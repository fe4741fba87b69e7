"""What a built-in worker is, and what it is lent: a source, a directory, the word to stop."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.files import library
from chalicelib.files.outputs import Output
from chalicelib.workers import schemas

if TYPE_CHECKING:
    from botocore.response import StreamingBody

_CHUNK = 1024 * 1024

Parameters = dict[str, Any]
Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """The clean file that is worked on.

    Args:
        name: its name, without a path.
        size: its bytes.
        library_key: where they are.
    """

    name: str
    size: int
    library_key: str

    def read(self, first: int, last: int) -> bytes:
        """Its bytes from `first` to `last`, inclusive."""
        with self.stream(first, last) as body:
            content: bytes = body.read()
            return content

    @contextmanager
    def stream(self, first: int | None = None, last: int | None = None) -> "Iterator[StreamingBody]":
        """Its bytes from `first` to `last`, inclusive, or all of them, as a stream that is closed at the end."""
        body = library.open_bytes(self.library_key, first=first, last=last).body
        assert body is not None
        with closing(body):
            yield body

    def download(self, path: Path, stop: Callable[[], None]) -> Path:
        """Copy it to a local path, a piece at a time, and return that."""
        with self.stream() as body, path.open("wb") as file:
            while chunk := body.read(_CHUNK):
                file.write(chunk)
                stop()
        return path


@dataclass(frozen=True, slots=True)
class Work:
    """What whoever runs a worker lends to it.

    Args:
        directory: empty, the worker's own, and gone afterwards.
        stop: called at each step; raises when the work is no longer wanted.
    """

    directory: Path
    stop: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file is worked on.

    Args:
        parts: the arguments of each part, plain JSON below a kilobyte; the same list for the same file and parameters.
        index: the path of the output that the asset shall begin with; None leaves its beginning alone.
    """

    parts: list[Part]
    index: str | None


class Plans(Protocol):
    """Looks at a file and says how it will be worked on. Raises WorkError."""

    def __call__(self, source: Source, parameters: Parameters, work: Work, /) -> Plan: ...


class Makes(Protocol):
    """Makes the files of one part. Raises WorkError."""

    def __call__(self, source: Source, parameters: Parameters, part: Part, work: Work, /) -> Iterator[Output]: ...


@dataclass(frozen=True, slots=True)
class Worker:
    """One kind of work, as its users see it.

    Args:
        type: what tasks ask for; also its name in paths, the same for ever.
        aliases: further names of the type.
        extensions: those of the files it takes, in lower case, with their dots.
        schema: JSON schema of its parameters.
        docs: where it is described.
        plan: see `Plans`.
        outputs: see `Makes`.
    """

    type: str
    aliases: tuple[str, ...]
    description: str
    extensions: tuple[str, ...]
    schema: dict[str, Any]
    docs: str
    plan: Plans
    outputs: Makes

    @property
    def name(self) -> str:
        """Its name in lists and paths."""
        return self.type

    @property
    def parameters(self) -> dict[str, Any]:
        """The description of its parameters, as forms are made from it."""
        return {"schema": self.schema}

    def takes(self, filename: str) -> bool:
        """Whether it takes files of this name, whatever its case."""
        return self._extension(filename) is not None

    def stem(self, filename: str) -> str:
        """The name without the extension by which it is taken."""
        extension = self._extension(filename)
        return filename[: -len(extension)] if extension else filename

    def problems(self, parameters: Parameters) -> list[str]:
        """What is wrong with the parameters of a task; empty when nothing is."""
        return schemas.problems(self.schema, parameters)

    def _extension(self, filename: str) -> str | None:
        lower = filename.lower()
        fitting = [one for one in self.extensions if lower.endswith(one) and len(lower) > len(one)]
        return max(fitting, key=len, default=None)
