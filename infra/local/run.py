"""`make run`: the whole product on this machine, until SIGINT or SIGTERM.

PORT (8000) is the API; assets, draft assets and stores listen on the three ports above it, all on 127.0.0.1. STATE_DIR
(.state) keeps everything that is to survive. Every setting of the product can be given as an environment variable; what
differs from a stage is AUTH=open and SCANNER=yara.
"""

import contextlib
import fcntl
import importlib
import os
import secrets
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from chalice.app import Chalice

from chalicelib.settings import BadSetting, settings
from infra.local.edge import Edge
from infra.local.gateway import MAX_REQUEST, Gateway
from infra.local.ministack import Ministack, MinistackError
from infra.local.pump import Pump
from infra.local.server import HttpServer
from infra.resources import provision
from infra.template import TemplateError

STAGE = "local"
HOSTS = ("API", "ASSETS", "DRAFT_ASSETS", "STORES")  # in the order of their ports

_CANNOT_START = 2

# Template parameters that come from the environment, by the name of the setting.
_PARAMETERS = {
    "SCANNER": "Scanner",
    "YARA_RULES": "YaraRules",
    "CLAMD_ADDRESS": "ClamdAddress",
    "AUTH_BYPASS_SECRET": "AuthBypassSecret",
    "UPLOAD_ORIGINS": "UploadOrigins",
    "ORIGIN_SECRET": "OriginSecret",
    "API_ORIGIN": "ApiOrigin",
    "ASSETS_ORIGIN": "AssetsOrigin",
    "DRAFT_ASSETS_ORIGIN": "DraftAssetsOrigin",
    "STORES_ORIGIN": "StoresOrigin",
}


class CannotStart(Exception):
    """Why, in words for whoever typed the command."""


def main() -> int:
    """Run until told to stop. Returns the exit code."""
    told = threading.Event()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means what it says
        numbers.append(signal.SIGHUP)
    for number in numbers:
        signal.signal(number, lambda *_: told.set())
    try:
        with contextlib.ExitStack() as stack:
            return serve(stack, told)
    except (CannotStart, MinistackError, TemplateError) as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return _CANNOT_START


def serve(stack: contextlib.ExitStack, told: threading.Event) -> int:
    """Start everything in order and run until told; what was started is stopped in reverse order, whatever happens."""
    state = Path(os.environ.get("STATE_DIR") or ".state").resolve()
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    stack.enter_context(_locked(state))
    servers = dict(zip(HOSTS, _take_ports(stack), strict=True))
    ministack = Ministack(state)
    stack.callback(ministack.stop)
    ministack.start()
    environment = _environment(state, ministack, {host: server.port for host, server in servers.items()})
    os.environ.update(environment)

    app = _app()
    pump = Pump(app)
    gateway = Gateway(app)
    answers = {"API": gateway} | {host: _edge(gateway, host) for host in HOSTS[1:]}
    stack.callback(pump.stop)
    pump.run()
    for host, server in servers.items():
        try:
            server.start(answers[host], max_body=MAX_REQUEST, refuse=gateway.bad_request)
        except OSError as error:
            raise CannotStart(f"port {server.port}: {error.strerror}") from None
        stack.callback(server.stop)
    stack.enter_context(_published(state / "environment", environment))
    _welcome(state)
    while not told.wait(0.5):
        if ministack.ended():
            print("the local AWS ended; its log is ministack.log in the state folder", file=sys.stderr)
            return 1
    print("stopping", flush=True)
    return 0


@contextlib.contextmanager
def _locked(state: Path) -> Iterator[None]:
    """Keep a second instance off this state."""
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(f"another instance runs on {state}; give this one a STATE_DIR of its own") from None
        yield


def _take_ports(stack: contextlib.ExitStack) -> list[HttpServer]:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) <= 65535 - len(HOSTS):
        raise CannotStart(f"PORT cannot be {text!r}")
    servers = []
    for port in range(int(text), int(text) + len(HOSTS)):
        try:
            servers.append(HttpServer(port))
        except OSError as error:
            raise CannotStart(f"port {port}: {error.strerror}; PORT and the three above it must be free") from None
        stack.callback(servers[-1].server_close)
    return servers


def _environment(state: Path, ministack: Ministack, ports: dict[str, int]) -> dict[str, str]:
    """Make the resources, and give the environment that the functions would have."""
    os.environ.update(
        AWS_ENDPOINT_URL=ministack.endpoint,
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",  # noqa: S106 - the emulator's own word
        AWS_DEFAULT_REGION="us-east-1",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        POWERTOOLS_METRICS_DISABLED=os.environ.get("POWERTOOLS_METRICS_DISABLED", "true"),
    )
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    defaults = {f"{host}_ORIGIN": f"http://localhost:{port}" for host, port in ports.items()}
    defaults |= {"SCANNER": "yara", "UPLOAD_ORIGINS": "*", "ORIGIN_SECRET": _kept_secret(state / "origin-secret")}
    parameters = {parameter: os.environ.get(name) or defaults.get(name, "") for name, parameter in _PARAMETERS.items()}
    environment = provision(STAGE, parameters=parameters | {"Edge": "none"})
    environment["AUTH"] = os.environ.get("AUTH") or "open"
    names = [name for name in os.environ if name.startswith("AWS_")]
    return {name: os.environ[name] for name in names} | environment


def _kept_secret(path: Path) -> str:
    """A secret made at the first start and kept with the state."""
    if not path.exists():
        with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii")


def _app() -> Chalice:
    """The product itself, once its settings are known to be good."""
    try:
        ours = settings()
    except BadSetting as error:
        raise CannotStart(str(error)) from None
    app = importlib.import_module("app").app
    try:
        importlib.import_module("chalicelib.files.scanners").check_ready()
    except BadSetting as error:
        raise CannotStart(str(error)) from None
    except Exception as error:  # noqa: BLE001 - a scanner that is away holds uploads back, not the start
        print(f"the scanner {ours.scanner} is not ready, uploads will wait for it: {error}", file=sys.stderr)
    return app  # type: ignore[no-any-return]


def _edge(gateway: Gateway, host: str) -> Edge:
    ours = settings()
    public = getattr(ours, f"{host.lower()}_origin")
    return Edge(
        gateway,
        public=public,
        api=ours.api_origin,
        secret=ours.origin_secret,
        media_bucket=ours.media_bucket if host in ("ASSETS", "STORES") else "",
        sites=host == "STORES",
    )


@contextlib.contextmanager
def _published(path: Path, environment: dict[str, str]) -> Iterator[None]:
    """The environment as a file for the shell, there as long as it is true."""
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(environment.items())]
    with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.writelines(lines)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _welcome(state: Path) -> None:
    ours = settings()
    api, assets = ours.api_origin, ours.assets_origin
    mint = bearer = ""
    if ours.auth == "required":
        mint = f"\n  export ASSETCTL_TOKEN=$(make --silent token NAME=alice STATE_DIR={shlex.quote(str(state))})"
        bearer = '--header "Authorization: Bearer $ASSETCTL_TOKEN" '
    print(
        f"""
The asset manager runs. Its state is in {state}; Ctrl-C stops it.

  API            {api}
  assets         {assets}
  draft assets   {ours.draft_assets_origin}
  stores         {ours.stores_origin}

Access is {ours.auth}, the scanner is {ours.scanner}. In a browser:

  {api}/console     the pages for people
  {api}/reference   every call, to be tried

In another terminal:
{mint}
  .venv/bin/assetctl --url {api} put README.md --wait

or without it:

  curl {bearer}--form 'asset[file]=@README.md' {api}/assets
  curl {bearer}{api}/assets/<id>
  curl {assets}/media/<id>/README.md
""",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
