"""What the core is told here, as an owner of Files: `stores:<kind>/<store>/<project>/...`.

The kind `object` is an object's document, `file` a file of a version of an asset, `made` what a worker made of one.
"""

from chalicelib.apis.stores import documents, outputs, uploads
from chalicelib.files import owners

OWNER = owners.by_kind(
    {
        documents.OWNER: (documents.hear_verdict, documents.may_release),
        uploads.OWNER: (uploads.hear_verdict, uploads.may_release),
        outputs.OWNER: (outputs.hear_verdict, outputs.may_release),
    },
    parts=5,
)
