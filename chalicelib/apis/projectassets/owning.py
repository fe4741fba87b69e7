"""What the core is told here, as an owner of Files: `projectassets:<kind>/...`.

The kind `media` is a media asset's file, `file` one of a project's bundle.
"""

from chalicelib.apis.projectassets import bundles, media
from chalicelib.files import owners

OWNER = owners.by_kind(
    {
        media.OWNER: (media.hear_verdict, media.may_release),
        bundles.OWNER: (bundles.hear_verdict, bundles.may_release),
    },
    parts=2,
)
