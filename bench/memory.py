"""`make test-memory`: the peak memory of a scan at 2 GB must be at most 1.2 times that at 10 MB.

Each size is judged in a process of its own, by the code of the scan function, from a real HTTP body: an S3 that makes
up its bytes as it sends them. Only the rows are left out.
"""

import http.server
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from chalicelib.settings import describe

MEBIBYTE = 1024**2
SIZES = (10 * MEBIBYTE, 2048 * MEBIBYTE)
MOST = 1.2


def main() -> int:
    """Judge both sizes and compare. Returns the exit code."""
    if len(sys.argv) > 1:
        _judge(int(sys.argv[1]))
        return 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _MadeUp)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {name: name.lower().replace("_", "-") for name, _, default, _ in describe() if default is ...}
    environment |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "SCANNER": environment.get("SCANNER", "yara"),
        "POWERTOOLS_METRICS_DISABLED": "true",
    }
    peaks = []
    for size in SIZES:
        command = [sys.executable, "-m", "bench.memory", str(size)]
        told = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
        print(told.splitlines()[-1])
        peaks.append(int(told.split()[-2]))
    ratio = peaks[1] / peaks[0]
    print(f"ratio {ratio:.3f}, allowed {MOST}")
    return 0 if ratio <= MOST else 1


def _judge(size: int) -> None:
    from chalicelib import clock
    from chalicelib.files import scanning
    from chalicelib.files.models import File, Verdict

    written: list[Any] = []

    def write_verdict(file: File, verdict: Verdict, **facts: Any) -> File:
        written.append((verdict, facts))
        return file

    scanning._write_verdict = write_verdict
    file = File.at(f"{size:032x}")
    file.name, file.content_type, file.created_at = "a.bin", "application/octet-stream", clock.now()
    file.intake_key, file.attempts = f"large/{file.file_id}", 1
    started = time.monotonic()
    scanning._judge(file, "v1", None)
    [(verdict, facts)] = written
    assert (verdict, facts["size"]) == (Verdict.CLEAN, size), (verdict, facts)
    seconds = time.monotonic() - started
    # Not getrusage: its maximum is inherited from the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    [peak] = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")]
    print(f"{size / MEBIBYTE:6.0f} MiB: {verdict}, {seconds:5.1f} s, peak {peak} KiB")


class _MadeUp(http.server.BaseHTTPRequestHandler):
    """An S3 with one object of every size, whose key ends in its size in hex."""

    protocol_version = "HTTP/1.1"
    _block = os.urandom(MEBIBYTE)

    def do_GET(self) -> None:
        """GetObject."""
        left = int(self.path.partition("?")[0].rpartition("/")[2], 16)
        self._head({"Content-Length": str(left), "ETag": '"made-up"', "x-amz-version-id": "v1",
                    "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"})  # fmt: skip
        while left:
            sent = min(left, MEBIBYTE)
            self.wfile.write(self._block[:sent])
            left -= sent

    def do_PUT(self) -> None:
        """CopyObject."""
        body = b"<CopyObjectResult><ETag>&quot;made-up&quot;</ETag></CopyObjectResult>"
        self._head({"Content-Length": str(len(body)), "Content-Type": "application/xml"})
        self.wfile.write(body)

    def _head(self, headers: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


if __name__ == "__main__":
    sys.exit(main())
