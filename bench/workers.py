"""`make bench-workers`: what the workers do with hostile archives and large files: outcome, calls, peak memory, time.

Each case runs in a process of its own, by the code of the worker function, against an S3 that answers real HTTP:
outputs are unpacked, scanned and stored, only rows are left out. `python -m bench.workers NAME...` for some of them.
"""

import http.server
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chalicelib.settings import describe
from tests.files.scanners.samples import EICAR, encrypted, nested, zipped
from tests.workers import archives

MEBIBYTE = 1024**2
SIDE = 20_000


def main() -> int:
    """Run the cases named, or all. Returns the exit code."""
    if len(sys.argv) > 2 and sys.argv[1] == "--alone":
        print(json.dumps(_alone(CASES[sys.argv[2]], Path(sys.argv[3]))))
        return 0
    print(f"{'case':34} {'outputs':>7} {'GETs':>5} {'PUTs':>6} {'seconds':>8} {'MiB':>5} {'reader':>6}  outcome")
    with tempfile.TemporaryDirectory(prefix="bench-workers-") as folder:
        server = _Server(Path(folder))
        for name in sys.argv[1:] or CASES:
            CASES[name].make(Path(folder) / "source")
            server.seen.clear()
            command = [sys.executable, "-m", "bench.workers", "--alone", name, folder]
            environment = _environment(server.port) | CASES[name].settings
            told = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
            facts = json.loads(told.splitlines()[-1])
            print(
                f"{name:34} {facts['outputs']:7} {server.seen['GET']:5} {server.seen['PUT']:6} {facts['seconds']:8.1f} "
                f"{facts['peak']:5} {facts['reader']:6}  {facts['outcome']}",
                flush=True,
            )
    return 0


class Case:
    """One file and what is asked of a worker.

    Args:
        worker: the worker's type.
        name: the file's name.
        make: writes the file.
        parameters: the task's.
        settings: environment variables besides.
    """

    def __init__(
        self,
        worker: str,
        name: str,
        make: Callable[[Path], object],
        parameters: dict[str, Any] | None = None,
        **settings: str,
    ) -> None:
        self.worker, self.name, self.make = worker, name, make
        self.parameters, self.settings = parameters or {}, settings


def _holding(content: Callable[[], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content())


def _large_archive(path: Path) -> None:
    block = random.Random(1).randbytes(MEBIBYTE)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number in range(900):
            archive.writestr(f"{number // 100}/{number}.bin", block)


def _one_large_entry(path: Path) -> None:
    block = random.Random(1).randbytes(MEBIBYTE)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("large.bin", "w", force_zip64=True) as entry,
    ):
        for _ in range(900):
            entry.write(block)


def _picture(suffix: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        import pyvips

        place = pyvips.Image.xyz(SIDE, SIDE)
        hills = pyvips.Image.perlin(SIDE, SIDE, cell_size=512, uchar=True)
        bands = (place[0] * 255 / SIDE).bandjoin([place[1] * 255 / SIDE, hills])
        grain = pyvips.Image.gaussnoise(SIDE, SIDE, sigma=4, mean=0, seed=1)
        picture = (bands * 0.7 + hills * 0.3 + grain).cast("uchar").copy(interpretation="srgb")
        made = path.with_suffix(suffix)
        picture.write_to_file(str(made))
        made.rename(path)

    return make


def _network(nodes: int) -> Callable[[Path], object]:
    def content() -> bytes:
        chance = random.Random(1)
        lines = [f"{number} {chance.randrange(number)}" for number in range(1, nodes)]
        lines += [f"{chance.randrange(nodes)} {chance.randrange(nodes)}" for _ in range(nodes)]
        return "\n".join(lines).encode()

    return _holding(content)


def _document() -> bytes:
    from tests.files.scanners.samples import pdf

    return pdf()


def _inner_bomb() -> bytes:
    return zipped({f"{number}.zip": archives.bomb(64 * MEBIBYTE) for number in range(4)}, zipfile.ZIP_STORED)


CASES = {
    "site of 10,000 files": Case("extract", "a.zip", _holding(lambda: archives.many(10_000))),
    "100,000 files, limit 10,000": Case("extract", "a.zip", _holding(lambda: archives.many(100_000))),
    "100,000 files, limit raised": Case(
        "extract", "a.zip", _holding(lambda: archives.many(100_000)), ARCHIVE_MAX_ENTRIES="100000"
    ),
    "zip slip": Case("extract", "a.zip", _holding(lambda: zipped({"index.html": b"a", "../../etc/cron.d/x": b"b"}))),
    "symbolic link": Case("extract", "a.zip", _holding(archives.link)),
    "encrypted": Case("extract", "a.zip", _holding(lambda: encrypted(zipped(archives.SITE)))),
    "bomb, 1 GiB in 1 MB": Case("extract", "a.zip", _holding(lambda: archives.bomb(1024 * MEBIBYTE))),
    "bomb that says 10 bytes": Case("extract", "a.zip", _holding(lambda: archives.lying_bomb(1024 * MEBIBYTE))),
    "bomb of overlapping entries": Case(
        "extract", "a.zip", _holding(lambda: archives.overlapping(9_000, bytes(1_000_000)))
    ),
    "bombs nested in an archive": Case("extract", "a.zip", _holding(_inner_bomb)),
    "virus nested three deep": Case(
        "extract", "a.zip", _holding(lambda: zipped({"index.html": b"a", "b.zip": nested(2, EICAR)}))
    ),
    "archives nested nine deep": Case("extract", "a.zip", _holding(lambda: nested(9, b"innermost"))),
    "900 MiB in 900 files": Case("extract", "a.zip", _large_archive),
    "900 MiB in one file": Case("extract", "a.zip", _one_large_entry),
    "20,000 x 20,000 JPEG, jpg tiles": Case("dz-image", "a.jpg", _picture(".jpg"), {"format": "jpg"}),
    "20,000 x 20,000 JPEG, png tiles": Case("dz-image", "a.jpg", _picture(".jpg")),
    "20,000 x 20,000 TIFF, webp tiles": Case("dz-image", "a.tif", _picture(".tif"), {"format": "webp"}),
    "20,000 x 20,000 PNG, thumbnail": Case("thumbnail", "a.png", _picture(".png")),
    "document, thumbnail": Case("thumbnail", "a.pdf", _holding(_document)),
    "network of 20,000 nodes": Case("network-layout", "a.edges", _network(20_000)),
    "network of 50,000 nodes, drl": Case("network-layout", "a.edges", _network(50_000), {"algorithm": "drl"}),
}


def _alone(case: Case, folder: Path) -> dict[str, Any]:
    """Run one case in this process and tell what came of it."""
    from chalicelib.files import making
    from chalicelib.workers import Source, Work, WorkError, find, sandbox

    peaks = [0]
    wait = sandbox._wait

    def watched(process: "subprocess.Popen[bytes]", work: Work, deadline: float) -> int | None:
        def look() -> None:
            peaks.append(_peak(process.pid))
            work.stop()

        return wait(process, Work(work.directory, look), deadline)

    sandbox._wait = watched
    making._write = lambda run, made: None
    worker = find(case.worker)
    assert worker is not None
    source = Source(case.name, (folder / "source").stat().st_size, "0/0")
    run = making.Run("bench", lambda path: path, lambda path, file: [], "bench")
    started, outputs, outcome = time.monotonic(), 0, "done"
    try:
        with tempfile.TemporaryDirectory(dir=folder) as directory:
            plan = worker.plan(source, case.parameters, Work(Path(directory), lambda: None))
        for part in plan.parts:
            with tempfile.TemporaryDirectory(dir=folder) as directory:
                lent = Work(Path(directory), lambda: None)
                outputs += making.make(run, worker.outputs(source, case.parameters, part, lent)).count
    except WorkError as error:
        outcome = f"Error: {error}."
    return {
        "outputs": outputs,
        "outcome": outcome,
        "seconds": time.monotonic() - started,
        "peak": _peak(os.getpid()),
        "reader": max(peaks),
    }


def _peak(pid: int) -> int:
    """The most memory a process ever had, in MiB; 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)


def _environment(port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    kept |= {name: name.lower().replace("_", "-") for name, _, default, _ in describe() if default is ...}
    return kept | {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "SCANNER": "yara",
        "STAGE": "local",
        "POWERTOOLS_LOG_LEVEL": "ERROR",
        "POWERTOOLS_METRICS_DISABLED": "true",
    }


class _Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in the middle is none of our business."""


class _Server:
    """An S3 whose every object is the file `source` of a folder, and that forgets what it is given."""

    def __init__(self, folder: Path) -> None:
        self.seen: Counter[str] = Counter()
        seen = self.seen

        class Answers(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                seen["GET"] += 1
                size = (folder / "source").stat().st_size
                first, last = 0, size - 1
                if wanted := self.headers.get("Range"):
                    low, _, high = wanted.removeprefix("bytes=").partition("-")
                    first, last = int(low), min(int(high or last), last)
                self.send_response(206 if wanted else 200)
                self.send_header("Content-Length", str(last - first + 1))
                self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
                self.send_header("ETag", '"made-up"')
                self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
                self.end_headers()
                with (folder / "source").open("rb") as file:
                    file.seek(first)
                    left = last - first + 1
                    while left and (chunk := file.read(min(left, MEBIBYTE))):
                        self.wfile.write(chunk)
                        left -= len(chunk)

            def do_PUT(self) -> None:
                seen["PUT"] += 1
                left = int(self.headers["Content-Length"])
                while left and (chunk := self.rfile.read(min(left, MEBIBYTE))):
                    left -= len(chunk)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.send_header("ETag", '"made-up"')
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        server = _Quiet(("127.0.0.1", 0), Answers)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.port = server.server_port


if __name__ == "__main__":
    sys.exit(main())
