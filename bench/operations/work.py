"""The operations of the OVE API on workers and their tasks."""

from bench.operations.building import Names, Operation, Requests, uploaded
from bench.operations.stores import asset, fresh
from bench.stage import Stage


def worker(stage: Stage) -> Names:
    """A registered worker, the only one of its type."""
    name = stage.new_name()
    record = {"name": name, "type": name, "extensions": [".txt"]}
    stage.sent("POST", "/api/workers", json=record)
    return {"worker": name}


def idle(stage: Stage) -> Names:
    """A worker, and an asset for it to work on."""
    return worker(stage) | asset(stage)


def waiting(stage: Stage) -> Names:
    """A task that waits for a worker."""
    names = idle(stage)
    wanted = {"store_id": "default", "project_id": names["project"], "asset_id": "map", "worker_type": names["worker"]}
    reply = stage.sent("POST", "/api/workers/queue", json=wanted)
    return names | {"task": reply.headers["X-Task-Id"]}


def claimed(stage: Stage) -> Names:
    """A task that a worker is at, and a scanned upload to hand in."""
    names = waiting(stage) | uploaded(stage)
    stage.deliver()
    lease = stage.sent("POST", f"/api/workers/{names['worker']}/claim", json={}).json()["lease"]
    at = f"/api/workers/{names['worker']}/tasks/{names['task']}"
    return names | {"lease": lease, "at_task": at}


def failed(stage: Stage) -> Names:
    """A task that ended with an error."""
    names = claimed(stage)
    stage.sent("POST", f"{names['at_task']}/finish", json={"lease": names["lease"], "error": "no"})
    return names


_request = Requests("stores")
_TASK = {"store_id": "default", "project_id": "<project>", "asset_id": "map", "worker_type": "<worker>"}
OPERATIONS: list[Operation] = [
    _request("the workers", "GET", "/api/workers", worker),
    _request("what the workers do", "GET", "/api/workers/status", worker),
    _request(
        "register a worker", "POST", "/api/workers", fresh,
        json={"name": "<fresh>", "type": "<fresh>", "extensions": [".txt"]},
    ),
    _request("unregister a worker", "DELETE", "/api/workers", worker, json={"name": "<worker>"}),
    _request("the tasks", "GET", "/api/workers/queue", waiting),
    _request("schedule a task", "POST", "/api/workers/queue", idle, json=_TASK),
    _request("cancel a task", "DELETE", "/api/workers/queue", waiting, json={"task_id": "<task>"}),
    _request("reset a task", "PATCH", "/api/workers/queue", failed, json={"task_id": "<task>"}),
    _request("claim when nothing waits", "POST", "/api/workers/<worker>/claim", worker, json={}),
    _request("claim a task", "POST", "/api/workers/<worker>/claim", waiting, json={}),
    _request("keep a task", "POST", "<at_task>/heartbeat", claimed, json={"lease": "<lease>"}),
    _request("give a task up", "POST", "<at_task>/finish", claimed, json={"lease": "<lease>", "error": "no"}),
    _request(
        "hand in an output", "POST", "<at_task>/finish", claimed,
        json={"lease": "<lease>", "outputs": [{"path": "a.txt", "upload": "<upload>"}], "index": "a.txt"},
    ),
]  # fmt: skip
