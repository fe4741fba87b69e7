"""Sends real files down the whole road over HTTP and tells what became of each: `python -m bench.road [FILE...]`.

Needs a running product (`make run`); API names it, http://localhost:8000 unless set. Beside the files named, it makes
and sends a 4 MB zip, the EICAR test file, and a zip that holds it.
"""

import io
import json
import os
import sys
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

API = os.environ.get("API", "http://localhost:8000")
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR" + b"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PATIENCE = 30  # seconds until a verdict


def main() -> None:
    """Send everything and print a line a file."""
    files = [(Path(name).name, Path(name).read_bytes()) for name in sys.argv[1:]]
    files += [
        ("4-mb.zip", _zip({"noise.bin": os.urandom(4_000_000)})),
        ("eicar.com", EICAR),
        ("eicar.zip", _zip({"inside/eicar.com": EICAR})),
    ]
    print(f"{'file':32} {'bytes':>9} {'state':12} {'seconds':>8}  media")
    for name, content in files:
        print(_sent(name, content), flush=True)


def _sent(name: str, content: bytes) -> str:
    boundary = "road-boundary-0123456789"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="asset[file]"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    started = time.monotonic()
    kind = f"multipart/form-data; boundary={boundary}"
    created = json.loads(_read(urllib.request.Request(f"{API}/assets", body, {"Content-Type": kind}))[1])
    state = created["state"]
    while state == "unscanned" and time.monotonic() - started < PATIENCE:
        time.sleep(0.02)
        state = json.loads(_read(urllib.request.Request(created["id"]))[1])["state"]
    taken = time.monotonic() - started
    status, got = _read(urllib.request.Request(created["file_url"]))
    media = f"{status}, {'the same bytes' if got == content else got[:60].decode(errors='replace')}"
    return f"{name:32} {len(content):9} {state:12} {taken:8.2f}  {media}"


def _read(request: urllib.request.Request) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def _zip(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


if __name__ == "__main__":
    main()
