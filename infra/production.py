"""The commands behind `make production`, `make device` and `make member`: what the medialoopster API needs to begin.

    production NAME= CODENAME=                           a production
    device NAME= PATH_= [BUCKET=]                        a device; PATH_ is its path, since PATH belongs to the shell
    member PRODUCTION= USER_ID= or GROUP= [WRITE=1] [DELETE=1]
                                                         a user, by uid, or a group becomes a member

The productions table is the one `PRODUCTIONS_TABLE` names, in the cloud the SDK's own variables point to.
"""

import os
import sys
from collections.abc import Mapping, Sequence


def main(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Do what the first argument names; returns the exit status. 1: it cannot be done. 2: it was asked for wrongly."""
    from chalicelib.apis.projectassets import productions
    from chalicelib.apis.projectassets.fields import Fields
    from chalicelib.errors import AssetManagerError, FaultsFound
    from chalicelib.identity import LOCAL_SUPERUSER

    def fields(**names: str) -> Fields:
        given = {field: environ[name] for field, name in names.items() if environ.get(name)}
        return Fields(given, is_form=True)

    try:
        match list(arguments):
            case ["production"]:
                made = productions.create(LOCAL_SUPERUSER, fields(name="NAME", codename="CODENAME"))
                print(f"made production {made.number}: {made.name}")
            case ["device"]:
                wanted = fields(name="NAME", path="PATH_", bucket="BUCKET")
                device = productions.create_device(LOCAL_SUPERUSER, wanted)
                print(f"made device {device.number}: {device.path}")
            case ["member"]:
                named = productions.wanted(fields(production_name="PRODUCTION", production_id="PRODUCTION_ID"))
                production = productions.named(named)
                wanted = fields(user="USER_ID", group="GROUP", write="WRITE", delete="DELETE")
                member = productions.enrol(LOCAL_SUPERUSER, production, wanted)
                print(f"{member.subject} is a member of {production.name}")
            case _:
                print("production, device or member?", file=sys.stderr)
                return 2
    except FaultsFound as error:
        for fault in error.faults:
            print(f"{(fault.pointer or '').removeprefix('/')}: {fault.detail}", file=sys.stderr)
        return 1
    except AssetManagerError as error:
        print(error.message, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
