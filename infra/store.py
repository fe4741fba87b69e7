"""The command behind `make store NAME=...`: makes a store.

The stores table is the one `STORES_TABLE` names, in the cloud the SDK's own variables point to.
"""

import os
import sys
from collections.abc import Mapping


def main(environ: Mapping[str, str] = os.environ) -> int:
    """Make the store that NAME names; returns the exit status. 1: it cannot be. 2: no name was given."""
    from app import app  # noqa: F401 - the routes say which names a store cannot have
    from chalicelib.apis.stores.projects import create_store
    from chalicelib.apis.stores.routes import literal_store_ids
    from chalicelib.errors import AssetManagerError
    from chalicelib.identity import LOCAL_SUPERUSER

    name = environ.get("NAME", "")
    if not name:
        print("NAME= is missing: what is the store to be called?", file=sys.stderr)
        return 2
    try:
        made = create_store(LOCAL_SUPERUSER, name, literal_store_ids())
    except AssetManagerError as error:
        print(": ".join([error.message, *error.details]), file=sys.stderr)
        return 1
    print(f"made store {made}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
