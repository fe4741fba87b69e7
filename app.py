"""The Chalice app: mounts the APIs, registers who is told of what, declares queue consumers and schedules. No logic."""

from typing import Any

from chalice.app import CloudWatchEvent, Rate, SQSEvent

from chalicelib.apis.assets import chains, service
from chalicelib.apis.assets.models import Asset
from chalicelib.apis.assets.routes import routes as assets_routes
from chalicelib.files import owners, publications, scanning, upkeep
from chalicelib.jobs import queues, running, sweep, work
from chalicelib.jobs.models import Job
from chalicelib.settings import settings
from chalicelib.web.application import AssetManager

app = AssetManager("assetmanager")
app.register_blueprint(assets_routes)

owners.register("assets", owners.Owner(service.hear_verdict, service.may_release))
running.register(chains.KIND, lambda job: chains.relink(job, service.commit))
work.register("job", running.run)
work.register("publication", publications.converge)

upkeep.register_all()
sweep.register(sweep.Attendant(Job, "job", running.attend))
sweep.register(sweep.Attendant(Asset, "asset", service.attend))


@app.on_sqs_message(queue="scan-small", batch_size=5, name="scan_small")
def scan_small(event: SQSEvent) -> dict[str, Any]:
    """Scan what arrived under `small/`."""
    return queues.consume(event.to_dict(), event.context, settings().scan_small_queue, scanning.handle)


@app.on_sqs_message(queue="scan-large", batch_size=1, name="scan_large")
def scan_large(event: SQSEvent) -> dict[str, Any]:
    """Scan what arrived under `large/`."""
    return queues.consume(event.to_dict(), event.context, settings().scan_large_queue, scanning.handle)


@app.on_sqs_message(queue="work", batch_size=10, name="work")
def work_(event: SQSEvent) -> dict[str, Any]:
    """Run jobs, and publications that are too large for a request."""
    return queues.consume(event.to_dict(), event.context, settings().work_queue, work.handle)


@app.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
def sweep_(event: CloudWatchEvent) -> dict[str, int]:
    """Once a minute, put right what events and crashed workers missed."""
    return {"looked_after": sweep.sweep()}
