"""The Chalice app: mounts the APIs and declares queue consumers and schedules. No logic.

What they do is behind `Lazy`: every Lambda imports this module, and `import app` must cost no more than `import boto3`.
"""

from typing import TYPE_CHECKING, Any

from chalice.app import CloudWatchEvent, Rate, SQSEvent

from chalicelib import retries
from chalicelib.apis.assets.routes import routes as assets_routes
from chalicelib.apis.jobs.routes import routes as jobs_routes
from chalicelib.apis.projectassets.bundle_routes import routes as bundle_routes
from chalicelib.apis.projectassets.neighbour_routes import routes as neighbour_routes
from chalicelib.apis.projectassets.routes import routes as project_routes
from chalicelib.apis.stores.people_routes import routes as people_routes
from chalicelib.apis.stores.routes import routes as stores_routes
from chalicelib.apis.stores.worker_routes import routes as worker_routes
from chalicelib.apis.tokens.routes import routes as tokens_routes
from chalicelib.apis.uploads.routes import routes as uploads_routes
from chalicelib.apis.workspaces.browser_routes import routes as browser_routes
from chalicelib.apis.workspaces.routes import routes as workspaces_routes
from chalicelib.console.routes import routes as console_routes
from chalicelib.lazy import Lazy
from chalicelib.reference.routes import routes as reference_routes
from chalicelib.settings import demand_in_lambda
from chalicelib.web.application import AssetManager

if TYPE_CHECKING:
    from chalicelib import consumers
else:
    consumers = Lazy("chalicelib.consumers")

demand_in_lambda()
retries.declare()
app = AssetManager("assetmanager")
app.register_blueprint(assets_routes)
app.register_blueprint(stores_routes)
app.register_blueprint(people_routes)
app.register_blueprint(worker_routes)
app.register_blueprint(uploads_routes)
app.register_blueprint(project_routes)
app.register_blueprint(neighbour_routes)
app.register_blueprint(bundle_routes)
app.register_blueprint(workspaces_routes)
app.register_blueprint(browser_routes)
app.register_blueprint(jobs_routes)
app.register_blueprint(tokens_routes)
app.register_blueprint(reference_routes)
app.register_blueprint(console_routes)


@app.on_sqs_message(queue="scan-small", batch_size=5, name="scan_small")
def scan_small(event: SQSEvent) -> dict[str, Any]:
    """Scan what arrived under `small/`."""
    return consumers.scan_small(event.to_dict(), event.context)


@app.on_sqs_message(queue="scan-large", batch_size=1, name="scan_large")
def scan_large(event: SQSEvent) -> dict[str, Any]:
    """Scan what arrived under `large/`."""
    return consumers.scan_large(event.to_dict(), event.context)


@app.on_sqs_message(queue="work", batch_size=10, name="work")
def work(event: SQSEvent) -> dict[str, Any]:
    """Run jobs, and publications that are too large for a request."""
    return consumers.do_work(event.to_dict(), event.context)


@app.on_sqs_message(queue="process", batch_size=1, name="process")
def process(event: SQSEvent) -> dict[str, Any]:
    """Run the product's own workers over files of stores."""
    return consumers.process(event.to_dict(), event.context)


@app.on_sqs_message(queue="edge", batch_size=500, maximum_batching_window_in_seconds=5, name="invalidate")
def invalidate(event: SQSEvent) -> dict[str, Any]:
    """Have the edge's cache forget paths whose files were withdrawn or replaced."""
    return consumers.invalidate(event.to_dict())


@app.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
def sweep(event: CloudWatchEvent) -> dict[str, int]:
    """Once a minute, put right what events and crashed workers missed."""
    return consumers.run_sweep()
