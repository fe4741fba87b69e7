"""Histories of the workspaces API: clones of a project, whose assets and resources are made, changed and deleted."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, multiple, rule

from chalicelib.apis.workspaces import refs
from chalicelib.jobs.leases import ATTEMPTS
from tests.faults import workspaces
from tests.faults.workspaces import MANAGER, OCTETS
from tests.support.client import Reply
from tests.survival.base import VERDICTS, Held, rows
from tests.survival.mishaps import MISHAPS, Mishap
from tests.survival.spaces import Asset, Resource, Space
from tests.survival.stores import StoreHistories

_READY, _FAILED = "ready", "failed"

ASSETS = st.sampled_from(("/assets/a", "/assets/b", "/assets/map"))
RESOURCES = st.sampled_from(("/resources/x", "/resources/map/v1.txt"))
NAMES = st.sampled_from(("isle", "cape"))
CHOICES = st.lists(st.integers(0, 9), max_size=2)


class WorkspaceHistories(StoreHistories):
    """What clients of the workspaces API do."""

    spaces: Bundle[Space] = Bundle("spaces")

    def __init__(self) -> None:
        super().__init__()
        self.cloned: list[Space] = []
        self.fetched: set[Any] = set()
        """Resources that have been asked for in the state that they are in."""

    @rule(target=spaces, name=NAMES, mishap=MISHAPS)
    def a_project_is_cloned(self, name: str, mishap: Mishap | None) -> Any:
        body = {"file_uri": f"file:///{name}", "name": name, "organization": "default", "project_name": "expo"}
        taken = any(space.name == name and space.stage != "gone" for space in self.cloned)
        rows_ = [row for row in self.world.rows("stores_table") if row["sk"].startswith("asset#") and "uploads" in row]
        versions = {row["sk"].removeprefix("asset#"): int(row.get("index_version", 0)) for row in rows_}
        known = self.request(mishap, lambda: self.world.client.post(MANAGER, json=body), (403 if taken else 200,))
        before = {space.guid for space in self.cloned}
        guids = {row["pk"][10:] for row in rows(self.world, "workspaces_table", "workspace")} - before
        assert len(guids) == (not taken) if known else len(guids) <= (not taken)
        fresh = [Space(guid, name, "cloning", versions) for guid in guids]
        self.cloned += fresh
        return multiple(*fresh)

    @rule(space=spaces, mishap=MISHAPS)
    def a_workspace_is_deleted(self, space: Space, mishap: Mishap | None) -> None:
        url = f"{MANAGER}/{space.guid}"
        expected = 404 if space.stage == "gone" else 200
        known = self.request(mishap, lambda: self.world.client.delete(url), (expected,))
        row = self._space_row(space, "workspace")
        gone = row is None or row["state"] == "deleting"
        assert gone or not known
        if gone:
            space.stage = "gone"
            assert self.world.client.get(f"/contentbrowser/workspaces/{space.guid}").status == 404

    @rule(space=spaces, ref=RESOURCES, verdict=VERDICTS, mishap=MISHAPS)
    def a_resource_is_put(self, space: Space, ref: str, verdict: str, mishap: Mishap | None) -> None:
        held, url = self.held(verdict), f"{MANAGER}/{space.guid}{ref}"
        send = lambda: self.world.client.put(url, body=held.content, headers=OCTETS)  # noqa: E731
        self.put_at(space, ref, held, mishap, send)

    @rule(space=spaces, ref=RESOURCES, mishap=MISHAPS)
    def a_resource_is_deleted(self, space: Space, ref: str, mishap: Mishap | None) -> None:
        old = space.resources.get(ref)
        possible = 404 if old is None else 403 if space.users(old) else 204
        if self._changed(space, ref, possible, mishap, lambda url: self.world.client.delete(url)):
            del space.resources[ref]

    @rule(space=spaces, ref=ASSETS, needs=CHOICES, main=CHOICES, mishap=MISHAPS)
    def an_asset_is_put(self, space: Space, ref: str, needs: list[int], main: list[int], mishap: Mishap | None) -> None:
        self.count += 1
        old = space.assets.get(ref)
        there: list[Asset | Resource] = [one for one in space.assets.values() if one is not old]
        there += space.resources.values()
        free = [one for one in space.resources.values() if self._main_of(space, one) in (None, old)]
        chosen = list(dict.fromkeys(there[number % len(there)] for number in needs if there))
        new = Asset(ref, f"c{self.count}", chosen, free[main[0] % len(free)] if main and free else None)
        body = {
            "comment": new.comment,
            "dependencies": [one.ref for one in new.needs],
            "main": new.main.ref if new.main else "",
        }
        seen = self._seen(space, ref)
        put = lambda url: self.world.client.put(url, json=body, headers=seen)  # noqa: E731
        if self._changed(space, ref, 201 if old is None else 200, mishap, put):
            if old is not None:
                old.comment, old.needs, old.main = new.comment, new.needs, new.main
            else:
                space.assets[ref] = new

    @rule(space=spaces, ref=ASSETS, new=ASSETS, mishap=MISHAPS)
    def an_asset_is_renamed(self, space: Space, ref: str, new: str, mishap: Mishap | None) -> None:
        old = space.assets.get(ref)
        possible = 404 if old is None else 403 if new in space.assets and new != ref else 200
        seen = self._seen(space, ref)
        url = f"{MANAGER}/{space.guid}/rename{ref}"
        rename = lambda _: self.world.client.post(url, json={"new": new}, headers=seen)  # noqa: E731
        if self._changed(space, new, possible, mishap, rename) and old is not None:
            del space.assets[ref]
            old.ref = new
            space.assets[new] = old

    @rule(space=spaces, ref=ASSETS, mishap=MISHAPS)
    def an_asset_of_a_workspace_is_deleted(self, space: Space, ref: str, mishap: Mishap | None) -> None:
        old = space.assets.get(ref)
        possible = 404 if old is None else 403 if space.users(old) else 204
        if self._changed(space, ref, possible, mishap, lambda url: self.world.client.delete(url)):
            del space.assets[ref]

    def put_at(
        self,
        space: Space,
        ref: str,
        held: Held,
        mishap: Mishap | None,
        send: Callable[[], Reply],
        possible: tuple[int, ...] | None = None,
    ) -> bool:
        """Put something at the ref of a resource. Returns whether it is there now.

        Args:
            possible: how it is answered if the workspace can be written to; left out: as a put that succeeds.
        """
        possible = possible or (200 if ref in space.resources else 201,)
        if not self._changed(space, ref, possible, mishap, lambda _: send()):
            return False
        row = self._space_row(space, f"ref#{refs.key(ref)}")
        assert row is not None
        self.files[row["file_id"]] = held
        if ref in space.resources:
            space.resources[ref].held = held
        else:
            space.resources[ref] = Resource(ref, held)
        return True

    def _changed(
        self,
        space: Space,
        ref: str,
        possible: int | tuple[int, ...],
        mishap: Mishap | None,
        send: Callable[[str], Reply],
    ) -> bool:
        """Ask for a change of what is at a ref. Returns whether it took place, by what is there.

        Args:
            possible: how it is answered if the workspace can be written to.
        """
        expected = possible if isinstance(possible, tuple) else (possible,)
        if space.stage != "ready":
            expected = (404 if space.stage == "gone" else 403,)
        before = self._space_row(space, f"ref#{refs.key(ref)}")
        known = self.request(mishap, lambda: send(f"{MANAGER}/{space.guid}{ref}"), expected)
        changed = self._space_row(space, f"ref#{refs.key(ref)}") != before
        assert not changed or expected[0] < 300, "what was refused was done"
        assert changed or not known or expected[0] >= 300, "what was said to be done was not"
        return changed

    def _seen(self, space: Space, ref: str) -> dict[str, str]:
        if space.stage == "gone" or ref not in space.assets:
            return {}
        reply = self.world.client.get(f"/contentbrowser/workspaces/{space.guid}{ref}")
        return {"Last-modified": reply.json()["meta"]["modified"]}

    # --- what must hold

    @invariant()
    def workspaces_show_what_was_said_of_them(self) -> None:
        if not self.is_news("workspaces", "workspaces_table"):
            return
        for space in self.cloned:
            if space.stage == "gone":
                continue
            self._look_at(space)
            if space.stage == "ready":
                self._assets_are_shown(space)
                self._resources_are_right(space)

    def _look_at(self, space: Space) -> None:
        row = self._space_row(space, "workspace")
        assert row is not None, f"{space.name} has gone"
        if row["state"] == space.stage:
            return
        assert space.stage == "cloning"
        assert row["state"] == _READY or (row["state"] == _FAILED and self.struck >= ATTEMPTS), row
        space.stage = row["state"]
        if space.stage == "ready":
            self._learn(space)

    def _learn(self, space: Space) -> None:
        """Learn what was cloned: at least what was to be seen of the project when it was asked for."""
        found = {row["ref"]: row for row in self._space_rows(space, "ref#")}
        clean = {path.removeprefix("/stores/default/expo/"): held for path, held in self.shelf.clean().items()}
        for ref, row in found.items():
            if ref.startswith("/resources/"):
                asset, _, name = ref.removeprefix("/resources/").partition("/")
                content = clean[f"{asset}/{name[1:].partition('.')[0]}/{name}"]
                held = self.files.setdefault(row["file_id"], Held(content, "clean", 0))
                assert held.content == content
                space.resources[ref] = Resource(ref, held)
        for ref, row in found.items():
            if ref.startswith("/assets/"):
                main = space.resources[row["main"]] if row.get("main") else None
                space.assets[ref] = Asset(ref, "", [], main)
        for asset, number in space.versions.items():
            assert f"/assets/{asset}" in space.assets
            files = [ref for ref in space.resources if ref.startswith(f"/resources/{asset}/")]
            assert not number or int(files[0].rpartition("/v")[2].partition(".")[0]) >= number

    def _assets_are_shown(self, space: Space) -> None:
        reply = self.world.client.get(f"/contentbrowser/workspaces/{space.guid}/assets/")
        assert reply.status == (200 if space.assets else 404)
        shown = {item["meta"]["ref"]: item for item in reply.json()["items"]} if reply.status == 200 else {}
        assert shown.keys() == space.assets.keys()
        for ref, asset in space.assets.items():
            assert asset.comment == shown[ref]["comment"]
            assert sorted(one.ref for one in asset.needs) == sorted(shown[ref]["dependencies"])
            assert (asset.main.ref if asset.main else "") == shown[ref]["main"]

    def _resources_are_right(self, space: Space) -> None:
        found = {row["ref"]: row for row in self._space_rows(space, "ref#/resources/")}
        assert found.keys() == space.resources.keys()
        for ref, resource in space.resources.items():
            held, state = resource.held, found[ref]["state"]
            assert self.files[found[ref]["file_id"]] is held
            assert state in ("pending", held.verdict)
            if (space.guid, ref, held, state) not in self.fetched:
                self.fetched.add((space.guid, ref, held, state))
                reply = self.world.client.get(f"{MANAGER}/{space.guid}{ref}")
                assert reply.status == (200 if state == "clean" else 404)
                assert reply.status == 404 or reply.body == held.content

    def check_the_end(self) -> None:
        super().check_the_end()
        assert workspaces.disagreements(self.world) == []
        self.workspaces_show_what_was_said_of_them()
        for space in self.cloned:
            assert space.stage != "cloning"
            if space.stage == "ready":
                states = {row["ref"]: row["state"] for row in self._space_rows(space, "ref#/resources/")}
                assert states == {ref: resource.held.verdict for ref, resource in space.resources.items()}
                faulty = any(space.users(one) for one in space.resources.values() if one.held.verdict != "clean")
                told = self.world.client.get(f"{MANAGER}/{space.guid}/status").json()["state"]
                assert told == ("INVALID" if faulty else "VALID")

    @staticmethod
    def _main_of(space: Space, one: Resource) -> Asset | None:
        return next((asset for asset in space.assets.values() if asset.main is one), None)

    def _space_row(self, space: Space, sk: str) -> dict[str, Any] | None:
        return self.world.row("workspaces_table", f"workspace#{space.guid}", sk)

    def _space_rows(self, space: Space, prefix: str) -> list[dict[str, Any]]:
        pk = f"workspace#{space.guid}"
        return [row for row in self.world.rows("workspaces_table") if row["pk"] == pk and row["sk"].startswith(prefix)]
