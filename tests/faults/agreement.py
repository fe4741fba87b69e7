"""What the GOV.UK API promises across its rows, checked once everything is quiet."""

from collections.abc import Iterator
from typing import Any

from chalicelib.apis.assets.models import Asset
from chalicelib.apis.assets.publishing import edition_of
from tests.support.snapshots import disagreements as core_disagreements
from tests.support.world import World


def everything_wrong(world: World) -> list[str]:
    """What is wrong anywhere: in the core, and between the API's rows and the core."""
    return [*core_disagreements(world), *disagreements(world)]


def disagreements(world: World) -> list[str]:
    """What is wrong between assets, their files, their histories, the public paths and the media bucket."""
    rows = world.rows("assets_table")
    assets = [asset for row in rows if row["sk"] == "asset" and (asset := Asset.find(row["pk"], "asset")) is not None]
    files = {row["pk"].removeprefix("file#"): row for row in world.rows("files_table") if row["sk"] == "file"}
    return [
        *_references(world, assets, rows),
        *_states(assets, files),
        *_media(world, assets, files),
        *_paths(rows, assets),
        *_arrows(rows, assets),
        *_listings(rows, assets),
    ]


def _references(world: World, assets: list[Asset], rows: list[dict[str, Any]]) -> Iterator[str]:
    refers = {
        (row["pk"].removeprefix("file#"), row["sk"].removeprefix("ref#"))
        for row in world.rows("files_table")
        if row["sk"].startswith("ref#assets:")
    }
    former = {
        (row["file_id"], f"assets:{row['pk'].removeprefix('asset#')}")
        for row in rows
        if row["sk"].startswith("former#")
    }
    current = {(asset.file_id, asset.reference) for asset in assets if not asset.purged}
    for missing in current - refers:
        yield f"asset without a reference to its file: {missing}"
    for left in refers - current - former:
        yield f"reference without an asset that has the file: {left}"


def _states(assets: list[Asset], files: dict[str, Any]) -> Iterator[str]:
    verdicts = {"unscanned": "pending"}
    for asset in assets:
        file = files.get(asset.file_id)
        if file is None:
            yield f"asset {asset.asset_id} has no File"
        elif file["verdict"] != verdicts.get(asset.state, asset.state) and not file.get("purged"):
            yield f"asset {asset.asset_id} shows {asset.state}, its file is {file['verdict']}"
        elif asset.state == "clean" and asset.library_key != file.get("library_key"):
            yield f"asset {asset.asset_id} names other bytes than its file"


def _media(world: World, assets: list[Asset], files: dict[str, Any]) -> Iterator[str]:
    rows = {row["pk"].removeprefix("path#"): row for row in world.rows("files_table") if row["sk"] == "publication"}
    editions = {edition.path: edition for asset in assets if (edition := edition_of(asset)) is not None}
    public = {path for path in world.published() if path.startswith(("/media/", "/government/"))}
    for path in public - editions.keys():
        yield f"{path} is public and no asset says so"
    for path, edition in editions.items():
        if path not in public:
            yield f"{path} is not public and an asset says it is"
        elif rows[path].get("file_id") != edition.file_id:
            yield f"{path} shows another file than its asset has"
        elif rows[path].get("content_type") != edition.content_type:
            yield f"{path} has another type than its asset"


def _paths(rows: list[dict[str, Any]], assets: list[Asset]) -> Iterator[str]:
    holders = {row["pk"].removeprefix("path#"): row["asset_id"] for row in rows if row["sk"] == "path"}
    for asset in assets:
        if asset.legacy_url_path and not asset.deleted_at and holders.get(asset.legacy_url_path) != asset.asset_id:
            yield f"asset {asset.asset_id} is not deleted and another has its path"


def _arrows(rows: list[dict[str, Any]], assets: list[Asset]) -> Iterator[str]:
    told = {
        (row["pk"].removeprefix("asset#"), row["sk"].removeprefix("replaces#"))
        for row in rows
        if row["sk"].startswith("replaces#")
    }
    said = {(asset.replacement_id, asset.asset_id) for asset in assets if asset.replacement_id}
    for arrow in told ^ said:
        yield f"only one side knows of a replacement: {arrow}"
    next_of = {asset.asset_id: asset.replacement_id for asset in assets}
    for start in next_of:
        seen, here = set(), start
        while here := next_of.get(here) or "":
            if here in seen:
                yield f"a loop of replacements through {here}"
                break
            seen.add(here)


def _listings(rows: list[dict[str, Any]], assets: list[Asset]) -> Iterator[str]:
    listed = {(row["pk"], row["sk"]) for row in rows if row["sk"].startswith(("kept#", "deleted#"))}
    wanted = {
        (partition, f"{'deleted' if asset.deleted_at else 'kept'}#{asset.asset_id}")
        for asset in assets
        if not asset.purged
        for partition in (f"owner#{asset.owner}", "assets")
    }
    for entry in listed ^ wanted:
        yield f"only an asset or only a listing knows of this: {entry}"
