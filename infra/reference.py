"""Fetches the interactive page of the API reference: Swagger UI, out of a wheel that holds its own distribution.

`python -m infra.reference` puts it where the product serves it from. The wheel is for Django; of it two files are taken
with their license, and nothing is installed.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).parents[1]
REQUIREMENTS = PROJECT / "requirements-reference.txt"
FILES = ("swagger-ui-bundle.js", "swagger-ui.css", "LICENSE")


class NotFetched(Exception):
    """The package index is out of reach, or the wheel holds something else."""


def fetch(target: Path) -> None:
    """Put the files into a folder, which is made.

    Raises:
        NotFetched
    """
    with tempfile.TemporaryDirectory() as scratch:
        command = [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"),
            *("--no-compile", "--only-binary=:all:", "--target", scratch, "--requirement", str(REQUIREMENTS)),
        ]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotFetched(done.stderr.strip())
        found = {name: next(Path(scratch).glob(f"**/swagger-ui-dist/{name}"), None) for name in FILES}
        if missing := [name for name, path in found.items() if path is None]:
            raise NotFetched(f"the wheel lacks {', '.join(missing)}")
        target.mkdir(parents=True, exist_ok=True)
        for name, path in found.items():
            assert path is not None
            shutil.copy(path, target / name)


def main(arguments: Sequence[str]) -> int:
    """The command. Without the files the documents are served all the same, so it never fails a build."""
    target = Path(arguments[0]) if arguments else PROJECT / "chalicelib" / "reference" / "ui"
    try:
        fetch(target)
    except NotFetched as error:
        print(f"the API reference goes without its interactive page: {error}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
