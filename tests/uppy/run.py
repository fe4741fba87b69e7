"""`make test-uppy`: the real plug-in from npm against a local cloud of its own, two majors of it.

Each scenario is a Node process. Without Node 20 or npm it says so and does nothing.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCENARIOS = ("single", "multipart", "pause", "begin", "resume", "abort", "lost")
MAJORS = ("6", "5")


def main() -> int:
    """Run every scenario with every major. Returns the exit code."""
    if reason := _missing():
        print(f"skipped: {reason}")
        return 0
    for major in MAJORS:
        subprocess.run(["npm", "ci", "--no-fund", "--no-audit", "--loglevel=error"], cwd=HERE / major, check=True)
    with tempfile.TemporaryDirectory() as folder, product(Path(folder)) as environment:
        failed = 0
        for major in MAJORS:
            for scenario in SCENARIOS:
                command = ["node", str(HERE / "drive.mjs"), major, scenario, f"{folder}/client-{major}"]
                failed += subprocess.run(command, env=environment, timeout=300).returncode != 0
    print(f"{failed} of {len(MAJORS) * len(SCENARIOS)} failed" if failed else "all passed")
    return 1 if failed else 0


def _missing() -> str | None:
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return f"Node 20 or newer is needed, this is {version}" if int(version[1:].partition(".")[0]) < 20 else None


@contextlib.contextmanager
def product(folder: Path) -> Iterator[dict[str, str]]:
    """A running product; gives the environment of a client."""
    port = _free_ports()
    api = f"http://localhost:{port}"
    state = folder / "state"
    given = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = given | {"PORT": str(port), "STATE_DIR": str(state), "UPLOAD_ORIGINS": "http://pages.test"}
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "infra.local.run"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        _wait_for(f"{api}/healthcheck/live", running)
        command = [sys.executable, "-m", "infra.local.within", "infra.tokens"]
        minted = subprocess.run(
            command, cwd=ROOT, env=environment | {"NAME": "uppy"}, capture_output=True, text=True, check=True
        )
        # The plug-in of major 6 sends no token: its requests are the local superuser's, and so is what uses them.
        yield environment | {"API": api, "TOKEN": minted.stdout.split()[-1]}
    except BaseException:
        print((folder / "log").read_text(errors="replace")[-4000:], file=sys.stderr)
        raise
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(60)


def _wait_for(url: str, running: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if running.poll() is not None:
            raise RuntimeError("the local cloud ended")
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError("the local cloud does not answer")


def _free_ports() -> int:
    """The first of four ports in a row that are free."""
    while True:
        with contextlib.ExitStack() as stack:
            first = stack.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            with contextlib.suppress(OSError):
                for number in range(port + 1, port + 4):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", number))
                return port


if __name__ == "__main__":
    sys.exit(main())
