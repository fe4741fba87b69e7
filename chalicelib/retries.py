"""Where each API says what doing its failed jobs once more means: wiring, as `consumers`, that every Lambda imports."""

from typing import TYPE_CHECKING

from chalicelib.jobs import kinds
from chalicelib.lazy import Lazy

if TYPE_CHECKING:
    from chalicelib.apis.assets import chains
    from chalicelib.apis.projectassets import copying, deleting
    from chalicelib.apis.stores import outputs, processing, publishing, remote
    from chalicelib.apis.workspaces import clones, deletions
else:
    chains = Lazy("chalicelib.apis.assets.chains")
    copying = Lazy("chalicelib.apis.projectassets.copying")
    deleting = Lazy("chalicelib.apis.projectassets.deleting")
    outputs, processing = Lazy("chalicelib.apis.stores.outputs"), Lazy("chalicelib.apis.stores.processing")
    publishing, remote = Lazy("chalicelib.apis.stores.publishing"), Lazy("chalicelib.apis.stores.remote")
    clones, deletions = Lazy("chalicelib.apis.workspaces.clones"), Lazy("chalicelib.apis.workspaces.deletions")


def declare() -> None:
    """Register every kind of job, by the name that its API gives it."""
    kinds.register("assets.relink", lambda: chains.RETRY)
    kinds.register("projectassets.copy", lambda: copying.RETRY)
    kinds.register("projectassets.delete", lambda: deleting.RETRY)
    kinds.register("projectassets.clear", lambda: deleting.CLEARING_RETRY)
    kinds.register("stores.republish", lambda: publishing.RETRY)
    kinds.register("stores.process", lambda: processing.RETRY)
    kinds.register("stores.adopt", lambda: remote.RETRY)
    kinds.register("stores.outputs", lambda: outputs.RETRY)
    kinds.register("workspaces.clone", lambda: clones.RETRY)
    kinds.register("workspaces.delete", lambda: deletions.RETRY)
