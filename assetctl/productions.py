"""Commands about productions and their project assets."""

from typing import Annotated, Any

import typer

from assetctl import output, watching
from assetctl.failures import NotClean
from assetctl.options import DryRun, Json, Limit, Seconds, deployment, would

productions = typer.Typer(help="Productions and their project assets.", no_args_is_help=True)

PROJECT_ASSET = ("id", "name", "status_asset", "bundle_root", "date_mod")
_DONE, _FAILED = 6, -1

AssetNumber = Annotated[int, typer.Argument(metavar="ASSET", min=1, help="Number of the project asset.")]


@productions.command("list")
def list_productions(context: typer.Context, limit: Limit = 100, as_json: Json = False) -> None:
    """List the productions that one may see."""
    with deployment(context) as api:
        found = api.json("GET", "/api/productions", params={"limit": str(limit)})
    output.rows(found[:limit], ("id", "name", "codename"), as_json=as_json)


@productions.command("new")
def new_production(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Its name.")],
    codename: Annotated[str, typer.Argument(help="Letters, digits, `_` and `-`.")],
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Make a production (superusers)."""
    if dry_run:
        would(f"make the production {name}", as_json=as_json)
        return
    with deployment(context) as api:
        found = api.json("POST", "/api/productions", json={"name": name, "codename": codename})
    output.facts({"id": found["id"], "name": found["name"]}, as_json=as_json)


@productions.command("assets")
def list_assets(
    context: typer.Context,
    production: Annotated[int, typer.Argument(min=1, help="Number of the production.")],
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """List the project assets of a production."""
    with deployment(context) as api:
        params = {"limit": str(limit), "production": str(production)}
        found = api.json("GET", "/api/projectassets", params=params)
    output.rows(found[:limit], PROJECT_ASSET, as_json=as_json)


@productions.command("show")
def show_asset(context: typer.Context, asset: AssetNumber, as_json: Json = False) -> None:
    """Tell what is known of a project asset."""
    with deployment(context) as api:
        found = api.json("GET", f"/api/projectassets/{asset}")
    output.facts(found, as_json=as_json)


@productions.command("copy")
def copy_asset(
    context: typer.Context,
    asset: AssetNumber,
    root: Annotated[str, typer.Argument(help="Root of the copy: an absolute path.")],
    name: Annotated[str | None, typer.Option(help="Its name; the source's if left out.")] = None,
    production: Annotated[int | None, typer.Option(min=1, help="Where to; the source's if left out.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is done.")] = False,
    timeout: Seconds = 3600,
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Copy a project asset; with --wait exits with 6 if it failed."""
    with deployment(context) as api:
        source = api.json("GET", f"/api/projectassets/{asset}")
        fields: dict[str, Any] = {"copy_of": asset, "bundle_root": root, "name": name or source["name"]}
        fields["production_id"] = production or source["production"]
        if dry_run:
            would(f"copy project asset {asset} to {root}", as_json=as_json)
            return
        made = api.json("POST", "/api/projectassets", json=fields)

        def look() -> tuple[str, Any]:
            found = api.json("GET", f"/api/projectassets/{made['id']}")
            return str(found["status_asset"]), found

        if wait:
            _, made = watching.until(look, (str(_DONE), str(_FAILED)), timeout)
    output.rows([made], PROJECT_ASSET, as_json=as_json)
    if made["status_asset"] == _FAILED:
        raise NotClean(f"the copy failed: {made['status_asset_description']}")


@productions.command("delete")
def delete_asset(context: typer.Context, asset: AssetNumber, as_json: Json = False, dry_run: DryRun = False) -> None:
    """Delete a project asset and its files, for good."""
    if dry_run:
        would(f"delete project asset {asset} and its files", as_json=as_json)
        return
    with deployment(context) as api:
        api.call("DELETE", f"/api/projectassets/{asset}")
    output.facts({"id": asset, "asked": "delete"}, as_json=as_json)
