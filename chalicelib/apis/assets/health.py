"""What the product says of its own health: database, queue and storage, each asked with one cheap call."""

from collections.abc import Callable
from typing import Any

from chalicelib.apis.assets.models import Asset
from chalicelib.files import library, objects
from chalicelib.jobs import queues
from chalicelib.logs import logger
from chalicelib.settings import settings


def report() -> dict[str, Any]:
    """`{"status": ..., "checks": {name: {"status": ...}}}`; `critical` when a part does not answer."""
    parts: dict[str, Callable[[], object]] = {
        "database": lambda: Asset.get_by_id("0" * 24),
        "queue": lambda: queues.depth(settings().scan_small_queue),
        "cloud_storage": _storage,
    }
    checks = {name: {"status": "ok" if _answers(name, ask) else "critical"} for name, ask in parts.items()}
    worst = "critical" if any(check["status"] != "ok" for check in checks.values()) else "ok"
    return {"status": worst, "checks": checks}


def _storage() -> None:
    try:
        library.describe("healthcheck")
    except objects.Missing:
        return


def _answers(name: str, ask: Callable[[], object]) -> bool:
    try:
        ask()
    except Exception:  # noqa: BLE001
        logger.exception("a health check failed", check=name)
        return False
    return True
