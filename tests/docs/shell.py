"""Runs the commands of a page of the documentation as its reader would, against a local cloud of the tests."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.docs.reading import BY_NAME, ROOT
from tests.support.product import Product

_PRELUDE = r"""
set -euo pipefail
make() { command make --no-print-directory -C "$ROOT" "$@"; }
curl() { command curl --fail-with-body --max-time 60 "$@"; }
newest() { assetctl ls -n 1 | cut -f 1; }
clean() { local id; id=$(newest); assetctl watch "$id" --timeout 60 >&2; echo "$id"; }
field_of() { assetctl tokens list --json | python3 -c '
import json, sys
field, name = sys.argv[1:]
print(next(one[field] for one in json.load(sys.stdin) if one["name"] == name))' "$@"; }
"""
SECONDS = 300


@dataclass(frozen=True, slots=True)
class Reader:
    """What somebody has who reads a page and types what it says.

    Args:
        before: commands in the way of preparation, such as files that the page speaks of.
        stands_for: what is typed in place of the page's examples of ids, tokens and hosts.
        leaves_out: commands that are not typed.
        sees: what has to be on the screen in the end.
    """

    before: str = ""
    stands_for: tuple[tuple[str, str], ...] = ()
    leaves_out: tuple[str, ...] = ()
    sees: tuple[str, ...] = ()


def run(name: str, reader: Reader, product: Product, folder: Path) -> subprocess.CompletedProcess[str]:
    """Type what the page says, in this folder; what goes wrong stands behind a line with `@@` and the command."""
    lines = [_PRELUDE, reader.before]
    for command in BY_NAME[name].commands:
        if command in reader.leaves_out:
            continue
        typed = command
        for written, meant in reader.stands_for:
            typed = typed.replace(written, meant)
        for offset in range(4):
            typed = typed.replace(f"localhost:{8000 + offset}", f"localhost:{product.port + offset}")
        lines += [f"echo; echo '@@' {_quoted(command)} >&2", typed.replace(".venv/bin/", "")]
    given = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "ASSETCTL_", "MAKE", "MFLAGS"))
    }
    environment = given | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "ROOT": str(ROOT),
        "PORT": str(product.port),
        "STATE_DIR": str(product.state),
        "API": f"http://localhost:{product.port}",
        "ASSETCTL_URL": f"http://localhost:{product.port}",
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    return subprocess.run(
        ["bash", "-c", "\n".join(lines)], cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS
    )  # fmt: skip


def _quoted(text: str) -> str:
    return "'" + text.splitlines()[0].replace("'", "'\\''") + "'"
