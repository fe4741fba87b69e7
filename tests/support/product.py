"""The product as `make run` starts it: a process of its own, reached over HTTP."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.client import Upload, multipart

ROOT = Path(__file__).parents[2]
START_SECONDS = 60


def free_ports() -> int:
    """The first of four ports in a row that are free."""
    while True:
        with contextlib.ExitStack() as stack:
            first = stack.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                for number in range(port + 1, port + 4):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", number))
            except OSError:
                continue
            return port


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Product:
    """One running instance."""

    def __init__(self, state: Path, port: int | None = None, **variables: str) -> None:
        self.state = state
        self.port = port or free_ports()
        self.log = state.with_suffix(f".{self.port}.log")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AUTH"))}
        environment |= {"PORT": str(self.port), "STATE_DIR": str(state)} | variables
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "infra.local.run"],
                cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def ready(self) -> "Product":
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.said()
            with contextlib.suppress(ConnectionRefusedError):
                assert self.get("/healthcheck/ready").status == 200  # the first answer there is says yes
                return self
            time.sleep(0.05)
        raise AssertionError(self.said())

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def request(self, method: str, target: str, host: int = 0, body: Any = None, **headers: str) -> Answer:
        """One request to a listener: 0 is the API, 1 assets, 2 draft assets, 3 stores."""
        connection = http.client.HTTPConnection("localhost", self.port + host, timeout=30)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, target, body=body, headers=named)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())

    def get(self, target: str, host: int = 0, **headers: str) -> Answer:
        return self.request("GET", target, host, **headers)

    def upload(self, content: bytes, name: str = "a.txt", content_type: str = "text/plain", **fields: str) -> str:
        parts = [(f"asset[{field}]", value) for field, value in fields.items()]
        kind, body = multipart([*parts, ("asset[file]", Upload(content, name, content_type))])
        answer = self.request("POST", "/assets", body=body, Content_Type=kind)
        assert answer.status == 201, answer.body
        return str(answer.json()["id"]).rpartition("/")[2]

    def state_of(self, asset: str, *, wanted: str) -> str:
        """The state of an asset, once it is the wanted one or ten seconds have gone by."""
        deadline = time.monotonic() + 10
        while (state := self.get(f"/assets/{asset}").json()["state"]) != wanted and time.monotonic() < deadline:
            time.sleep(0.05)
        return str(state)

    def emulator(self) -> int:
        """The process id of its ministack."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        [child] = [int(child) for child in children]
        return child

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def exists(process: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    return False


def gone(process: int, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while exists(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not exists(process)
