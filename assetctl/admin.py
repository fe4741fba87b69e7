"""Commands about who and where: tokens, stores."""

from typing import Annotated, Any

import typer

from assetctl import output
from assetctl.options import DryRun, Json, deployment, would

tokens = typer.Typer(help="API tokens (superusers), and one's own.", no_args_is_help=True)
stores = typer.Typer(help="Stores and their projects.", no_args_is_help=True)

TOKEN = ("id", "name", "created_at", "expires_at", "superuser", "permissions", "groups", "organisation")

Names = Annotated[str, typer.Option(help="Separated by commas.")]


@tokens.command("self")
def show_self(context: typer.Context, as_json: Json = False) -> None:
    """Tell who the deployment takes you for."""
    with deployment(context) as api:
        found = api.json("GET", "/tokens/self")
    output.facts(_bare(found), as_json=as_json)


@tokens.command("list")
def list_tokens(context: typer.Context, as_json: Json = False) -> None:
    """List all tokens; none of them can be used by what is shown."""
    with deployment(context) as api:
        found = api.json("GET", "/tokens")["results"]
    output.rows(found, TOKEN, as_json=as_json)


@tokens.command("new")
def new_token(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Whose it is.")],
    permissions: Names = "",
    groups: Names = "",
    organisation: Annotated[str | None, typer.Option(help="Id of the organisation.")] = None,
    superuser: Annotated[bool, typer.Option("--superuser", help="May do everything.")] = False,
    days: Annotated[int | None, typer.Option(min=1, help="Ends after so many days.")] = None,
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Make a principal with a token, which is shown this once."""
    fields: dict[str, Any] = {"name": name, "permissions": _names(permissions), "groups": _names(groups)}
    fields |= {"superuser": superuser, "organisation": organisation, "days": days}
    if dry_run:
        would(f"make a token for {name}", as_json=as_json)
        return
    with deployment(context) as api:
        found = api.json("POST", "/tokens", json=fields)
    output.facts(_bare(found), as_json=as_json)


@tokens.command("revoke")
def revoke_token(
    context: typer.Context,
    token: Annotated[str, typer.Argument(help="Id of a token, or uid of a principal with all its tokens.")],
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Withdraw a token; it is refused everywhere within a minute."""
    if dry_run:
        would(f"revoke {token}", as_json=as_json)
        return
    with deployment(context) as api:
        found = api.json("DELETE", f"/tokens/{token}")
    output.facts(_bare(found), as_json=as_json)


@stores.command("list")
def list_stores(context: typer.Context, as_json: Json = False) -> None:
    """List the stores."""
    with deployment(context) as api:
        found = [{"id": one} for one in api.json("GET", "/api/list")]
    output.rows(found, ("id",), as_json=as_json)


@stores.command("new")
def new_store(
    context: typer.Context,
    store: Annotated[str, typer.Argument(help="Id of the store.")],
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Make a store (administrators)."""
    if dry_run:
        would(f"make the store {store}", as_json=as_json)
        return
    with deployment(context) as api:
        found = api.json("POST", "/api/create", json={"id": store})
    output.facts({"id": found["Store"]}, as_json=as_json)


@stores.command("new-project")
def new_project(
    context: typer.Context,
    store: Annotated[str, typer.Argument(help="Id of the store.")],
    project: Annotated[str, typer.Argument(help="Id of the project.")],
    groups: Annotated[str, typer.Option(help="Who may use it, separated by commas; `public`: everybody reads.")],
    name: Annotated[str | None, typer.Option(help="Its name; the id if left out.")] = None,
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Make a project in a store."""
    if dry_run:
        would(f"make the project {project} in {store}", as_json=as_json)
        return
    fields = {"id": project, "name": name or project, "groups": _names(groups)}
    with deployment(context) as api:
        found = api.json("POST", f"/api/{store}/create", json=fields)
    output.facts({"id": f"stores/{store}/{found['Project']}"}, as_json=as_json)


def _names(text: str) -> list[str]:
    return [name for part in text.split(",") if (name := part.strip())]


def _bare(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name != "_response_info"}
