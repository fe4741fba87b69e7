"""The operations of the GOV.UK API, and the verdict on a file of one of its assets."""

from bench.operations.building import Names, Operation, Requests, uploaded
from bench.stage import Act, Stage
from chalicelib.apis.assets import placeholder
from infra.local.pump import Pump

FILE = {"asset[file]": ("a.txt", b"hello")}
OTHER_FILE = {"asset[file]": ("b.txt", b"other")}


def fresh_path(stage: Stage) -> Names:
    """A path that no asset has."""
    return {"path": f"/government/uploads/system/{stage.new_name()}.txt"}


def uploaded_for_path(stage: Stage) -> Names:
    """An upload, and a path for it."""
    return uploaded(stage) | fresh_path(stage)


def asset(stage: Stage) -> Names:
    """A clean, published asset."""
    made = stage.sent("POST", "/assets", files=FILE).json()
    stage.deliver()
    return {"asset": made["id"].rpartition("/")[2]}


def deleted(stage: Stage) -> Names:
    """A deleted asset."""
    names = asset(stage)
    stage.sent("DELETE", f"/assets/{names['asset']}")
    return names


def whitehall(stage: Stage) -> Names:
    """A clean asset with a path of its own."""
    names = fresh_path(stage)
    stage.sent("POST", "/whitehall_assets", files=FILE, form={"asset[legacy_url_path]": names["path"]})
    stage.deliver()
    return names


def picture(_: Stage) -> Names:
    """The placeholder's name, which changes with its content."""
    return {"picture": placeholder.picture_name()}


def _verdict(stage: Stage) -> Act:
    """The scan message of a new asset, handed over once more: the recording is of its first time."""
    pump = Pump(stage.app)
    pump.drain()
    stage.sent("POST", "/assets", files=FILE)
    event = pump.receive("scan_small")
    assert event is not None
    return lambda: pump.invoke("scan_small", event)


_request = Requests("assets")
OPERATIONS: list[Operation] = [
    _request("an asset's facts", "GET", "/assets/<asset>", asset),
    _request("a page of assets", "GET", "/assets", asset),
    _request("create with a file", "POST", "/assets", files=FILE),
    _request("create with an upload", "POST", "/assets", uploaded, json={"asset": {"upload": "<upload>"}}),
    _request("change facts", "PUT", "/assets/<asset>", asset, json={"asset": {"draft": "false"}}),
    _request("replace the file", "PUT", "/assets/<asset>", asset, files=OTHER_FILE),
    _request("delete", "DELETE", "/assets/<asset>", asset),
    _request("restore", "POST", "/assets/<asset>/restore", deleted),
    _request(
        "create at a path, with a file", "POST", "/whitehall_assets", fresh_path,
        files=FILE, form={"asset[legacy_url_path]": "<path>"},
    ),
    _request(
        "create at a path, with an upload", "POST", "/whitehall_assets", uploaded_for_path,
        json={"asset": {"upload": "<upload>", "legacy_url_path": "<path>"}},
    ),
    _request("inline media", "GET", "http://assets.test/media/<asset>/a.txt", asset),
    _request("inline media at a path", "GET", "http://assets.test<path>", whitehall),
    _request("the placeholder's page", "GET", "/government/placeholder"),
    _request("the placeholder's picture", "GET", "/asset-manager/<picture>", picture),
    _request("alive", "GET", "/healthcheck/live"),
    _request("ready", "GET", "/healthcheck/ready"),
    Operation("assets", "verdict: clean, published", _verdict),
]  # fmt: skip
