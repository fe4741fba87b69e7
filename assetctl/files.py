"""Commands about files: put, get, ls, info, rm, restore, cp, watch."""

import tempfile
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from assetctl import fetching, output, places, sending, watching
from assetctl.client import Deployment
from assetctl.failures import NotClean, NotThere, WrongUsage
from assetctl.options import DryRun, Json, Limit, Seconds, bar, deployment, would
from assetctl.output import say
from assetctl.places import Asset, InStore, Productions
from assetctl.sending import Source

ASSET = ("id", "name", "size", "state", "draft", "content_type")
IN_STORE = ("id", "name", "version", "processing_status", "tags", "index_file")
PROJECT = ("id", "name", "creationDate")
FILE = ("name", "state", "default", "url")
PRODUCTION = ("id", "name")
PUT = ("id", "name", "size", "state")
PROJECT_ASSET = ("id", "name", "status_asset", "date_mod")

Thing = Annotated[str, typer.Argument(help="An asset's id or URL, or stores/STORE/PROJECT/ASSET.")]
Parallel = Annotated[int, typer.Option(min=1, max=32, help="Parts sent at one time.")]
To = Annotated[
    str, typer.Option("--to", help="`assets`, an asset's id to replace its file, or stores/STORE/PROJECT[/ASSET].")
]
Draft = Annotated[bool, typer.Option("--draft", help="Keep it to the draft host (assets).")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until it is clean.")]


def put(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Files to send.")],
    to: To = "assets",
    draft: Draft = False,
    name: Annotated[str | None, typer.Option(help="Call it so, instead of by the file's own name.")] = None,
    content_type: Annotated[str | None, typer.Option("--type", help="Its content type.")] = None,
    parallel: Parallel = 4,
    wait: Wait = False,
    timeout: Seconds = 600,
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Send files. An interrupted one goes on where it broke off when it is put again."""
    place = None if to == "assets" else places.find(to)
    if to != "assets" and not _takes_files(place):
        raise WrongUsage(f"files cannot be put to {to}")
    if len(files) > 1 and (name or isinstance(place, Asset) or (isinstance(place, InStore) and place.asset)):
        raise WrongUsage("one name, and one asset, is for one file")
    sources = [Source.of(path, name, content_type) for path in files]
    if dry_run:
        sent = (f"send {source.path} ({source.size} bytes, {source.content_type}) to {to}" for source in sources)
        would(*sent, as_json=as_json)
        return
    columns = PUT if isinstance(place, InStore) else (*PUT, "file_url")
    with output.gathered(columns, as_json=as_json) as made, deployment(context) as api:
        for source in sources:
            made.append(_put(api, source, place, draft=draft, parallel=parallel))
        if wait:
            for one in made:
                one["state"] = watching.judged(api, _scanned(one["id"]), timeout)
            watching.demand_clean((one["name"], one["state"]) for one in made)


def get(
    context: typer.Context,
    thing: Thing,
    target: Annotated[Path | None, typer.Option("--output", "-o", help="Where to; a folder, or a file.")] = None,
    sha256: Annotated[str | None, typer.Option(help="Refuse bytes that have another SHA-256.")] = None,
    version: Annotated[int | None, typer.Option(min=1, help="Version of a store's asset.")] = None,
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Get a file. An interrupted download goes on where it broke off."""
    with deployment(context) as api:
        url, name, client, headers = _source(api, places.find(thing), thing, version)
        path = target / name if target is not None and target.is_dir() else target or Path(name)
        if dry_run:
            would(f"get {url.partition('?')[0]} as {path}", as_json=as_json)
            return
        with bar(name, None) as more:
            done = [0]

            def progress(there: int, _: int | None) -> None:
                more(there - done[0])
                done[0] = there

            digest = fetching.fetch(client, url, path, sha256=sha256, headers=headers, progress=progress)
    output.facts({"path": str(path), "size": path.stat().st_size, "sha256": digest}, as_json=as_json)


def ls(
    context: typer.Context,
    place: Annotated[
        str, typer.Argument(help="assets, stores[/STORE[/PROJECT[/ASSET]]] or productions[/NUMBER].")
    ] = "assets",
    deleted: Annotated[bool, typer.Option("--deleted", help="The deleted assets instead.")] = False,
    tag: Annotated[str | None, typer.Option(help="Only what has this tag (stores).")] = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """List assets, stores, projects, files or productions."""
    found = None if place == "assets" else places.find(place)
    with deployment(context) as api:
        match found:
            case None if place == "assets":
                shown = [_short(one) for one in api.pages("/assets", {"deleted": str(deleted).lower()}, limit)]
                output.rows(shown, ASSET, as_json=as_json)
            case InStore() if not found.store:
                output.rows([{"id": one} for one in api.json("GET", "/api/list")][:limit], ("id",), as_json=as_json)
            case InStore():
                _ls_store(api, found, tag, limit, as_json=as_json)
            case Productions():
                _ls_productions(api, found, limit, as_json=as_json)
            case _:
                raise WrongUsage(f"{place} cannot be listed")


def info(context: typer.Context, thing: Thing, as_json: Json = False) -> None:
    """Tell what is known of an asset, a store's asset or a project."""
    place = places.find(thing)
    with deployment(context) as api:
        match place:
            case Asset():
                found = api.json("GET", place.path)
            case InStore() if place.asset:
                found = api.json("GET", place.path("meta"))
            case InStore() if place.project:
                found = api.json("GET", place.path("projectMeta"))
            case _:
                raise WrongUsage(f"{thing} is nothing that is known more of")
    found.pop("_response_info", None)
    output.facts(found, as_json=as_json)


def rm(
    context: typer.Context,
    things: Annotated[list[str], typer.Argument(help="Assets' ids.")],
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Delete assets; `restore` takes it back."""
    _each(context, things, "DELETE", "", "delete", as_json=as_json, dry_run=dry_run)


def restore(
    context: typer.Context,
    things: Annotated[list[str], typer.Argument(help="Assets' ids.")],
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Take the deletion of assets back."""
    _each(context, things, "POST", "/restore", "restore", as_json=as_json, dry_run=dry_run)


def cp(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="A file here, or what `get` takes.")],
    target: Annotated[str, typer.Argument(help="A path here, or what `put --to` takes.")],
    parallel: Parallel = 4,
    as_json: Json = False,
    dry_run: DryRun = False,
) -> None:
    """Copy a file from here to there, from there to here, or from one place there to another (by way of here)."""
    remote = places.find(source)
    is_remote_target = target == "assets" or places.find(target) is not None
    if remote is None and not is_remote_target:
        raise WrongUsage("one of the two has to be on the deployment")
    if not is_remote_target:
        get(context, source, Path(target), as_json=as_json, dry_run=dry_run)
    elif remote is None:
        put(context, [Path(source)], target, parallel=parallel, as_json=as_json, dry_run=dry_run)
    else:
        place = None if target == "assets" else places.find(target)
        if not (place is None or _takes_files(place)):
            raise WrongUsage(f"files cannot be put to {target}")
        with deployment(context) as api, tempfile.TemporaryDirectory() as folder:
            url, name, client, headers = _source(api, remote, source, None)
            if dry_run:
                would(f"copy {name} from {source} to {target}", as_json=as_json)
                return
            fetching.fetch(client, url, Path(folder, name), headers=headers)
            made = _put(api, Source.of(Path(folder, name)), place, draft=False, parallel=parallel)
        output.rows([made], PUT, as_json=as_json)


def watch(
    context: typer.Context,
    things: Annotated[list[str], typer.Argument(help="Assets' ids, or stores/STORE/PROJECT/ASSET.")],
    timeout: Seconds = 600,
    as_json: Json = False,
) -> None:
    """Wait until files are clean; exits with 6 if one of them is not."""
    scanned = {thing: _scanned(thing) for thing in things}
    with output.gathered(("id", "state"), as_json=as_json) as seen, deployment(context) as api:
        for thing, place in scanned.items():
            seen.append({"id": thing, "state": watching.judged(api, place, timeout)})
        watching.demand_clean((one["id"], one["state"]) for one in seen)


def _takes_files(place: places.Place | None) -> bool:
    return isinstance(place, Asset) or (isinstance(place, InStore) and bool(place.project) and not place.file)


def _put(api: Deployment, source: Source, place: places.Place | None, *, draft: bool, parallel: int) -> dict[str, Any]:
    with bar(source.name, source.size) as more:
        upload = sending.send(api, source, parallel=parallel, progress=more)
    if isinstance(place, InStore):
        asset = place.asset or source.name
        params = {"upload": upload, "filename": source.name, "create": "true", "update": "true"}
        there = InStore(place.store, place.project, asset)
        headers = {"Content-Type": "application/json"}
        api.call("POST", there.path("upload"), params=params, headers=headers)
        made = {"id": f"stores/{place.store}/{place.project}/{asset}", "name": source.name, "size": source.size}
        made["state"] = "pending"
    else:
        fields: dict[str, Any] = {"upload": upload} | ({"draft": True} if draft else {})
        method, path = ("PUT", place.path) if isinstance(place, Asset) else ("POST", "/assets")
        made = _short(api.json(method, path, json={"asset": fields}))
    sending.forget(api, source)
    return made


def _scanned(thing: str) -> Asset | InStore:
    place = places.find(thing)
    if not isinstance(place, Asset | InStore) or (isinstance(place, InStore) and not place.asset):
        raise WrongUsage(f"{thing} is nothing that is scanned")
    return place


def _source(
    api: Deployment, place: places.Place | None, thing: str, version: int | None
) -> tuple[str, str, Any, dict[str, str]]:
    """Where the file of a thing is, its name, and the client and headers to get it with."""
    if isinstance(place, Asset):
        found = api.json("GET", place.path)
        if found["state"] != "clean":
            raise NotClean(f"the file is {found['state']}, and only clean ones can be had")
        token = api.profile.token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # The API's own host gives media to who may have it, drafts included.
        return api.profile.url + urlsplit(found["file_url"]).path, found["name"], api.outside, headers
    if isinstance(place, InStore) and place.asset:
        params = {} if version is None else {"version": str(version)}
        files = api.json("GET", place.path("files"), params=params)
        wanted = [one for one in files if one["name"] == place.file or (not place.file and one["default"])]
        if not wanted:
            raise NotThere(f"{thing} has no such file")
        if wanted[0]["state"] != "clean":
            raise NotClean(f"the file is {wanted[0]['state']}, and only clean ones can be had")
        return wanted[0]["url"], wanted[0]["name"].rpartition("/")[2], api.outside, {}
    raise WrongUsage(f"{thing} is no file on the deployment")


def _ls_store(api: Deployment, place: InStore, tag: str | None, limit: int, *, as_json: bool) -> None:
    what = "files" if place.asset else "list"
    columns: tuple[str, ...] = FILE if place.asset else IN_STORE if place.project else PROJECT
    params = {"limit": str(min(limit, 1000))} | ({"filterByTag": tag} if tag else {})
    found: list[dict[str, Any]] = []
    while True:
        reply = api.call("GET", place.path(what), params=params)
        page = reply.json()
        found += page["Assets"] if isinstance(page, dict) else page
        cursor = reply.headers.get("X-Next-Cursor")
        if cursor is None or len(found) >= limit:
            break
        params["cursor"] = cursor
    output.rows(found[:limit], columns, as_json=as_json)


def _ls_productions(api: Deployment, place: Productions, limit: int, *, as_json: bool) -> None:
    columns: tuple[str, ...] = PRODUCTION
    path, params = "/api/productions", {"limit": str(limit)}
    if place.number is not None:
        columns = PROJECT_ASSET
        path, params = "/api/projectassets", {**params, "production": str(place.number)}
    found: list[dict[str, Any]] = api.json("GET", path, params=params)
    if place.number is not None and not found:
        api.call("GET", f"/api/productions/{place.number}")  # which ends the command, if there is no such production
    output.rows(found[:limit], columns, as_json=as_json)


def _each(
    context: typer.Context, things: list[str], method: str, suffix: str, verb: str, *, as_json: bool, dry_run: bool
) -> None:
    wanted = [places.asset(thing) for thing in things]
    if dry_run:
        would(*(f"{verb} {asset.id}" for asset in wanted), as_json=as_json)
        return
    columns = ("id", "name", "state", "deleted")
    with output.gathered(columns, as_json=as_json) as done, deployment(context) as api:
        for asset in wanted:
            done.append(_short(api.json(method, asset.path + suffix)))
    say(f"{verb}d {len(done)}")


def _short(asset: dict[str, Any]) -> dict[str, Any]:
    """An asset with its id alone in the place of its URL."""
    return {name: value for name, value in asset.items() if name != "_response_info"} | {
        "id": str(asset["id"]).rpartition("/")[2],
        "url": asset["id"],
    }
