"""What the queue consumers and the schedule of `app.py` do, and who is told of what.

This is the other entry point beside the routes, and as thin: the wiring of core and APIs, and one line a function.
"""

from typing import Any

from chalicelib import metrics
from chalicelib.apis.assets import chains, retention, service, verdicts
from chalicelib.apis.assets.models import Asset
from chalicelib.apis.projectassets import copying, deleting, housekeeping
from chalicelib.apis.projectassets import owning as projects_owning
from chalicelib.apis.stores import claims, outputs, processing, remote, runs, task_models
from chalicelib.apis.stores import owning as stores_owning
from chalicelib.apis.stores import publishing as stores_publishing
from chalicelib.apis.workspaces import clones, deletions, uses
from chalicelib.apis.workspaces import owning as workspaces_owning
from chalicelib.files import edge, owners, publications, scanning, upkeep, uploads
from chalicelib.jobs import leases, queues, running, sweep, trees, work
from chalicelib.jobs.models import Job, Part
from chalicelib.settings import settings

owners.register("assets", owners.Owner(verdicts.hear, retention.may_release))
owners.register("stores", stores_owning.OWNER)
owners.register("projectassets", projects_owning.OWNER)
owners.register("workspaces", workspaces_owning.OWNER)

running.register(chains.KIND, service.relink)
trees.register(stores_publishing.KIND, stores_publishing.TREE)
trees.register(processing.KIND, processing.TREE)
trees.register(outputs.KIND, outputs.TREE)
trees.register(remote.KIND, remote.TREE)
trees.register(copying.KIND, copying.TREE)
trees.register(deleting.KIND, deleting.TREE)
trees.register(deleting.CLEARING, deleting.CLEARING_TREE)
trees.register(clones.KIND, clones.TREE)
trees.register(deletions.KIND, deletions.TREE)
work.register("job", running.run)
work.register("part", trees.run_part)
work.register("publication", publications.converge)
work.register(uploads.WORK, uploads.finish)

upkeep.register_all()
housekeeping.register_all()
sweep.register(sweep.Attendant(Job, "job", running.attend))
sweep.register(sweep.Attendant(Part, "part#", trees.attend))
sweep.register(sweep.Attendant(Asset, "asset", service.attend))
sweep.register(sweep.Attendant(uses.Loose, "loose#", uses.attend))
sweep.register(sweep.Attendant(task_models.Waiting, task_models.WAITING, claims.attend))
sweep.register(sweep.Attendant(task_models.Task, "task#", remote.attend))


def scan_small(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Scan what arrived under `small/`; the answer names the records that have to come again."""
    return queues.consume(event, context, settings().scan_small_queue, scanning.handle)


def scan_large(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Scan what arrived under `large/`; the answer names the records that have to come again."""
    return queues.consume(event, context, settings().scan_large_queue, scanning.handle)


def do_work(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Run jobs and large publications; the answer names the records that have to come again."""
    return queues.consume(event, context, settings().work_queue, work.handle)


def invalidate(event: dict[str, Any]) -> dict[str, Any]:
    """Have the edge's cache forget paths; the answer names the records that have to come again."""
    return edge.invalidate(event)


def process(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do what the product's own workers have to do; the answer names the records that have to come again."""
    return queues.consume(event, context, settings().process_queue, _process)


def run_sweep() -> dict[str, int]:
    """Put right what events and crashed workers missed; the answer counts the rows looked after."""
    count = sweep.sweep()
    metrics.register()
    return {"looked_after": count}


def _process(message: queues.Message) -> None:
    seconds = leases.LEASE_SECONDS[processing.QUEUE]
    for name, argument in message.body.items():
        if name == runs.NEXT:
            claims.serve(message)
        elif name == "part":
            trees.run_part(argument, seconds=seconds)
        else:
            running.run(argument, seconds=seconds)
