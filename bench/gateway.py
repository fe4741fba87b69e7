"""Requests per second of the local gateway for one asset's facts: `python -m bench.gateway [SECONDS]`.

Needs a running product (`make run`); API names it. The figure says how fast the local cloud is, emulator included, and
nothing about AWS.
"""

import http.client
import json
import os
import sys
import threading
import time
import urllib.request
from urllib.parse import urlsplit

API = os.environ.get("API", "http://localhost:8000")
CLIENTS = (1, 8, 64)


def main() -> None:
    """Create an asset, then read it from ever more clients."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    path = urlsplit(_asset()).path
    for clients in CLIENTS:
        counts = [0] * clients
        until = time.monotonic() + seconds
        threads = [threading.Thread(target=_read, args=(path, until, counts, number)) for number in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(f"{clients:3} clients: {sum(counts) / seconds:7.0f} requests per second")


def _asset() -> str:
    boundary = "gateway-boundary"
    part = 'Content-Disposition: form-data; name="asset[file]"; filename="a.txt"'
    body = f"--{boundary}\r\n{part}\r\n\r\nhello\r\n--{boundary}--\r\n"
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    with urllib.request.urlopen(urllib.request.Request(f"{API}/assets", body.encode(), headers)) as answer:
        return str(json.load(answer)["id"])


def _read(path: str, until: float, counts: list[int], number: int) -> None:
    connection = http.client.HTTPConnection(urlsplit(API).netloc)
    while time.monotonic() < until:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        counts[number] += 1


if __name__ == "__main__":
    main()
