"""What commands have in common: options, the deployment they speak to, and how they end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from assetctl import profiles
from assetctl.client import Deployment
from assetctl.output import rows, say, told

Json = Annotated[bool, typer.Option("--json", help="Print JSON, with everything that is known.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="Show at most so many.")]
Seconds = Annotated[int, typer.Option("--timeout", min=1, help="Give up after so many seconds.")]


class Chosen:
    """The deployment that the options before the command chose."""

    def __init__(self, profile: str | None, url: str | None) -> None:
        self._profile, self._url = profile, url

    @contextmanager
    def deployment(self) -> Iterator[Deployment]:
        """The deployment, for one command."""
        made = Deployment(profiles.chosen(self._profile, self._url))
        try:
            yield made
        finally:
            made.close()


def deployment(context: typer.Context) -> Any:
    """The deployment of a command, as a context manager."""
    found = context.find_object(Chosen)
    assert found is not None
    return found.deployment()


def would(*acts: str, as_json: bool) -> None:
    """Say what a dry run leaves out; as a result where JSON is wanted."""
    if as_json:
        rows([{"would": act} for act in acts], ("would",), as_json=True)
    else:
        for act in acts:
            say(f"would {act}")


@contextmanager
def bar(name: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal's standard error; gives what to tell of more bytes."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=told, disable=not told.is_terminal, transient=True) as shown:
        task: TaskID = shown.add_task(name, total=total)
        yield lambda count: shown.advance(task, count)
