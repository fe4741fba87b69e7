"""The command behind `make token`: mint, list and revoke API tokens.

What to do comes from options or from environment variables of the same names, which is how `make token NAME=alice`
hands it over. The identities table is the one `IDENTITIES_TABLE` names, in the cloud the SDK's own variables point to.
A token is printed when it is made, and never again.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.identity import TokenEntry

_DAY = 86_400


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run the command; returns the exit status. 1: there is no such token or principal. 2: it was called wrongly."""
    from chalicelib import clock
    from chalicelib.errors import NotFound
    from chalicelib.identity import entries, mint, mint_another, revoke

    parser = _parser(environ)
    chosen = parser.parse_args(arguments)
    try:
        if chosen.list:
            print(_table(entries()))
            return 0
        if chosen.revoke:
            print(f"revoked {revoke(chosen.revoke)} token(s); refused everywhere within a minute")
            return 0
        expires_at = None if chosen.days is None else clock.epoch() + chosen.days * _DAY
        if chosen.principal:
            token, entry = mint_another(chosen.principal, expires_at=expires_at)
        elif chosen.name:
            token, entry = mint(
                chosen.name,
                permissions=_names(chosen.permissions),
                groups=_names(chosen.groups),
                organisation=chosen.organisation or None,
                superuser=chosen.superuser,
                expires_at=expires_at,
            )
        else:
            parser.error("NAME= is missing: whose token is it?")
    except NotFound as error:
        print(error.message, file=sys.stderr)
        return 1
    print(token)
    print(f"id {entry.id}, uid {entry.principal.uid}; the token is not shown again", file=sys.stderr)
    return 0


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make token", description="Mint, list and revoke API tokens.")
    for name, meaning in (
        ("name", "name of the principal the new token is for"),
        ("permissions", "permissions, separated by commas; `signin` is always there"),
        ("groups", "groups, separated by commas"),
        ("organisation", "id of the organisation"),
        ("principal", "uid of a principal there is, to mint one more token for it"),
        ("revoke", "id of a token, or uid of a principal, to withdraw"),
    ):
        parser.add_argument(f"--{name}", default=environ.get(name.upper(), ""), help=f"{meaning} ({name.upper()}=)")
    days = environ.get("DAYS") or None
    parser.add_argument(
        "--days", type=_days, default=days, help="days until the token ends; for ever if left out (DAYS=)"
    )
    for name, meaning in (("superuser", "may do everything"), ("list", "list all tokens")):
        given = environ.get(name.upper(), "") not in ("", "0")
        parser.add_argument(f"--{name}", action="store_true", default=given, help=f"{meaning} ({name.upper()}=1)")
    return parser


def _days(text: str) -> int:
    days = int(text)
    if not 0 < days <= 36_500:
        raise ValueError(text)
    return days


def _names(text: str) -> list[str]:
    return [name for part in text.split(",") if (name := part.strip())]


def _table(found: "Sequence[TokenEntry]") -> str:
    rows = [("token id", "name", "created", "expires", "permissions", "groups", "organisation")]
    for entry in found:
        who = entry.principal
        rows.append(
            (
                entry.id,
                who.name,
                _date(entry.created_at),
                "never" if entry.expires_at is None else _date(entry.expires_at),
                "all (superuser)" if who.superuser else ", ".join(sorted(who.permissions)),
                ", ".join(sorted(who.groups)) or "-",
                who.organisation or "-",
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _date(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


if __name__ == "__main__":
    sys.exit(main())
