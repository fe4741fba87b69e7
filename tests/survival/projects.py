"""Histories of the project assets API: bundles, media assets, copies of both kinds, deletions."""

import hashlib
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, multiple, rule

from chalicelib.jobs.leases import ATTEMPTS
from tests.support import bundles
from tests.support.bundles import OWN_ROOT, Bundles
from tests.support.client import Reply
from tests.survival.base import VERDICTS, Held, Histories, rows
from tests.survival.bundles import Clip, Project
from tests.survival.mishaps import MISHAPS, Mishap

PATHS = st.sampled_from(("a", "dir/b"))
ROOTS = st.sampled_from(("/mnt/archive/a/", "/mnt/archive/b/", f"{OWN_ROOT}c/"))

_STAGES = {6: "there", 0: "copied", -1: "failed"}


class ProjectHistories(Histories):
    """What clients of the project assets API do."""

    projects: Bundle[Project] = Bundle("projects")
    clips: Bundle[Clip] = Bundle("clips")

    def __init__(self) -> None:
        super().__init__()
        self.known: list[Project] = []
        self.media: list[Clip] = []
        self.read: set[Any] = set()
        """Files whose bytes have been asked for in the state that they are in."""

    @initialize()
    def productions_and_devices_are_there(self) -> None:
        self.api = Bundles(self.world).with_own_bucket()
        sport = self.world.client.post("/api/productions/", json={"name": "Sport", "codename": "sport"})
        assert sport.json()["id"] == 2

    @rule(target=projects, root=ROOTS, mishap=MISHAPS)
    def a_project_is_created(self, root: str, mishap: Mishap | None) -> Any:
        return self._made(mishap, {"bundle_root": root, "production_id": 1}, 201)

    @rule(target=projects, source=projects, root=ROOTS, shares=st.booleans(), mishap=MISHAPS)
    def a_project_is_copied(self, source: Project, root: str, shares: bool, mishap: Mishap | None) -> Any:
        free = not any(one.root == root and one.stage != "gone" for one in self.known)
        body = {"bundle_root": root, "production_id": 2 if shares else 1, "copy_of": source.number}
        query = "?share_linked_assets=1" if shares else ""
        made = self._made(mishap, body, 201 if free and source.stage == "there" else 400, query)
        for project in made.values:
            project.stage, project.source, project.shares = "copied", source, shares
            project.links, project.asked = dict(source.links), set(source.links)
            project.seen = {path: [held] for path, held in source.files.items()}
        return made

    @rule(project=projects, path=PATHS, verdict=VERDICTS, mishap=MISHAPS)
    def a_file_is_put(self, project: Project, path: str, verdict: str, mishap: Mishap | None) -> None:
        held = self.held(verdict)
        url = self.api.url(project.number, path)
        self.put_into(project, path, held, mishap, lambda: self.world.client.put(url, body=held.content))

    @rule(project=projects, path=PATHS, mishap=MISHAPS)
    def a_file_is_removed(self, project: Project, path: str, mishap: Mishap | None) -> None:
        expected = self._refusal(project) or (204 if path in project.files else 404)
        url = self.api.url(project.number, path)
        known = self.request(mishap, lambda: self.world.client.delete(url), (expected,))
        if expected == 204 and _happened(known, self._entry(project, path) is None):
            self._has_now(project, path, None)

    @rule(project=projects, mishap=MISHAPS)
    def a_project_is_deleted(self, project: Project, mishap: Mishap | None) -> None:
        url = f"/api/projectassets/{project.number}/"
        expected = 404 if project.stage == "gone" else 202
        known = self.request(mishap, lambda: self.world.client.delete(url), (expected,))
        row = self._project_row(project)
        if _happened(known, row is None or "delete_job" in row) and project.stage not in ("gone", "leaving"):
            self._leaves(project)

    @rule(project=projects, mishap=MISHAPS)
    def a_copy_is_canceled(self, project: Project, mishap: Mishap | None) -> None:
        row = self._project_row(project)
        url = f"/api/projectassets/{project.number}/job/"
        known = self.request(mishap, lambda: self.world.client.delete(url), (202, 404, 409))
        if known is not False and project.stage == "copied" and row is not None:
            job = self.world.row("jobs_table", f"job#{row.get('copy_job')}", "job")
            project.canceled |= bool(job and job.get("canceled"))

    @rule(target=clips, root=ROOTS, path=PATHS, verdict=st.one_of(st.none(), VERDICTS), mishap=MISHAPS)
    def a_media_asset_is_made(self, root: str, path: str, verdict: str | None, mishap: Mishap | None) -> Any:
        held = self.held(verdict or "clean")
        form = {"name": held.name, "production_id": "1", "path_file": root + path}
        files = {"file": (held.name, held.content)} if verdict else None

        def send() -> Reply:
            return self.world.client.post("/api/videoassets/", form=form, files=files)

        return self.clip_made(held, verdict is not None, root + path, self.request(mishap, send, (201,)))

    @rule(project=projects, clip=clips, mishap=MISHAPS)
    def a_media_asset_is_linked(self, project: Project, clip: Clip, mishap: Mishap | None) -> None:
        body = {"asset_list": [{"asset_id": clip.number, "type": "video"}]}
        url = f"/api/projectassets/{project.number}/addasset/"
        expected = 404 if project.stage in ("leaving", "gone") else 422 if clip.gone else 200
        known = self.request(mishap, lambda: self.world.client.post(url, json=body), (expected,))
        row = self._project_row(project)
        linked = project.links.keys() | {clip.number}
        if expected == 200 and _happened(known, row is not None and row["link_count"] == len(linked)):
            project.links[clip.number] = clip

    @rule(clip=clips, mishap=MISHAPS)
    def a_media_asset_is_deleted(self, clip: Clip, mishap: Mishap | None) -> None:
        url = f"/api/videoassets/{clip.number}/"
        known = self.request(mishap, lambda: self.world.client.delete(url), (404 if clip.gone else 202,))
        there = self.world.row("productions_table", f"video#{clip.number}", "media")
        assert not (known and there)
        clip.gone = there is None

    def put_into(
        self,
        project: Project,
        path: str,
        held: Held,
        mishap: Mishap | None,
        send: Callable[[], Reply],
        possible: tuple[int, ...] | None = None,
    ) -> bool:
        """Put something into a bundle. Returns whether it is there now.

        Args:
            possible: how it is answered if the bundle is open; left out: as a put that succeeds.
        """
        before, refusal = self._entry(project, path), self._refusal(project)
        expected = (refusal,) if refusal else possible or (200 if path in project.files else 201,)
        known = self.request(mishap, send, expected)
        after = self._entry(project, path)
        if after is None or (before is not None and before["file_id"] == after["file_id"]):
            assert not known or expected[0] > 201, "what was put is not there"
            return False
        assert expected[0] <= 201, "what was refused is there"
        self.files[after["file_id"]] = held
        self._has_now(project, path, held)
        return True

    def clip_made(self, held: Held, has_file: bool, path: str, known: bool | None) -> Any:
        """Find the media asset that was made, if it was."""
        before = {f"video#{clip.number}" for clip in self.media}
        made = [row for row in rows(self.world, "productions_table", "media") if row["pk"] not in before]
        assert len(made) <= 1
        assert made or not known
        for row in made:
            if has_file:
                self.files[row["file_id"]] = held
            self.media.append(Clip(int(row["pk"].rpartition("#")[2]), path, held if has_file else None))
        return multiple(*self.media[len(self.media) - len(made) :])

    def _made(self, mishap: Mishap | None, body: dict[str, Any], expected: int, query: str = "") -> Any:
        self.count += 1
        asked = {"name": f"n{self.count}", **body}
        url = f"/api/projectassets/{query}"
        known = self.request(mishap, lambda: self.world.client.post(url, json=asked), (expected,))
        made = [row for row in rows(self.world, "productions_table", "project") if row["name"] == asked["name"]]
        assert len(made) == (expected == 201) if known else len(made) <= (expected == 201)
        fresh = [Project(int(row["pk"].removeprefix("project#")), body["bundle_root"]) for row in made]
        self.known += fresh
        return multiple(*fresh)

    def _refusal(self, project: Project) -> int | None:
        """What is answered to who would change the files of a bundle that is not open."""
        row = self._project_row(project)
        if row is None or "delete_job" in row:
            return 404
        return 409 if "copy_job" in row else None

    def _leaves(self, project: Project) -> None:
        project.canceled |= project.stage == "copied"
        project.stage = "leaving"
        for clip in project.links.values():
            path = clip.path.removeprefix(project.root)
            if clip.held is None and path in project.files:
                clip.inherits.append(project.files[path])

    def _has_now(self, project: Project, path: str, held: Held | None) -> None:
        """A path of a bundle holds something else from now on: copies that are being made may have either."""
        project.files.pop(path, None)
        if held is not None:
            project.files[path] = held
        for copy in self.known:
            if copy.source is project and copy.stage in ("copied", "leaving"):
                copy.seen.setdefault(path, [None]).append(held)

    def _project_row(self, project: Project) -> dict[str, Any] | None:
        return self.world.row("productions_table", f"project#{project.number}", "project")

    def _entry(self, project: Project, path: str) -> dict[str, Any] | None:
        return self.world.row("productions_table", f"project#{project.number}", f"project#file/{path}")

    # --- what must hold

    @invariant()
    def projects_show_what_was_said_of_them(self) -> None:
        if not self.is_news("projects", "productions_table"):
            return
        for project in self.known:
            if project.stage == "gone":
                assert self._project_row(project) is None
                continue
            shown = self.api.shown(project.number)
            self._observe(project, shown)
            if shown is not None:
                self._bytes(project, shown["files"])

    def _observe(self, project: Project, shown: dict[str, Any] | None) -> None:
        """Hold what is shown of a project to the model, which learns how far jobs are."""
        if shown is None:
            assert project.stage == "leaving", f"project {project.number} has gone"
            project.stage = "gone"
            return
        stage, found = _STAGES[shown["status_asset"]], self._entries(project)
        assert shown["is_production"] == (stage == "there")
        if project.stage == "leaving":
            assert found.items() <= project.files.items() or project.canceled
        elif project.stage == "copied" and stage == "there":
            assert not project.canceled, "a canceled copy has come to be"
            for path in project.seen.keys() | found.keys():
                assert found.get(path) in project.seen.get(path, [None]), f"{path} is nothing that the source had"
            project.stage, project.files = "there", found
        elif project.stage == "copied" and stage == "failed":
            assert project.canceled or self.struck >= ATTEMPTS, shown["status_asset_description"]
            project.stage = "failed"
        else:
            assert stage == project.stage
        if project.stage == "there":
            assert found == project.files
        assert stage == "there" or not shown["files"], "files of a copy that has not come to be are shown"
        linked = {number for number, clip in project.links.items() if not clip.gone}
        assert {clip["id"] for clip in shown["video_assets"]} == linked

    def _bytes(self, project: Project, shown: dict[str, Any]) -> None:
        """Hold the files that are shown, and their bytes, to the model."""
        if project.stage == "there":
            assert shown.keys() == {project.root + path for path in project.files}
        for whole, facts in shown.items():
            path = whole.removeprefix(project.root)
            held = project.files[path]
            assert facts["state"] in ("pending", held.verdict)
            key = (project.number, path, held, facts["state"])
            if key not in self.read:
                self.read.add(key)
                reply = self.api.read(project.number, path)
                assert reply.status == 200 if facts["state"] == "clean" else 404
                assert reply.status == 404 or reply.body == held.content

    @invariant()
    def media_assets_give_the_right_bytes_or_none(self) -> None:
        if not self.is_news("media", "productions_table"):
            return
        for clip in self.media:
            reply = self.world.client.get(f"/api/videoassets/{clip.number}/file/")
            if reply.status == 200:
                assert not clip.gone
                assert reply.body in [held.content for held in clip.may_hold if held.verdict == "clean"]

    def check_the_end(self) -> None:
        super().check_the_end()
        assert bundles.disagreements(self.world) == []
        self.projects_show_what_was_said_of_them()
        for project in self.known:
            assert project.stage not in ("copied", "leaving")
            if project.stage == "there":
                verdicts = {path: held.verdict for path, held in project.files.items()}
                assert self.api.files(project.number) == verdicts
        for clip in self.media:
            self._clip_in_the_end(clip)

    def _clip_in_the_end(self, clip: Clip) -> None:
        reply = self.world.client.get(f"/api/videoassets/{clip.number}/")
        assert reply.status == (404 if clip.gone else 200)
        if clip.gone:
            return
        shown, linking = reply.json(), [one for one in self.known if clip.number in one.links and one.stage != "gone"]
        assert sorted(shown["projects"]) == sorted(one.number for one in linking)
        for held in clip.may_hold if len(clip.may_hold) == 1 else ():
            assert shown["status_asset"] == (6 if held.verdict == "clean" else -1), shown
            assert bool(shown["file_url"]) == (held.verdict == "clean")
        if not self.struck and any(one.shares and one.stage == "there" and clip.number in one.asked for one in linking):
            assert shown["shared_with_productions"] == [2]

    def _entries(self, project: Project) -> dict[str, Held]:
        """What the rows of a bundle hold; Files that copies of bytes made are told by their digest."""
        pk, prefix = f"project#{project.number}", "project#file/"
        found = [
            row for row in self.world.rows("productions_table") if row["pk"] == pk and row["sk"].startswith(prefix)
        ]
        digests = {hashlib.sha256(held.content).hexdigest(): held for held in self.files.values()}
        for row in found:
            if row["file_id"] not in self.files:
                self.files[row["file_id"]] = digests[row["sha256"]]
        return {row["sk"].removeprefix(prefix): self.files[row["file_id"]] for row in found}


def _happened(known: bool | None, seen: bool) -> bool:
    """Whether something was done, by what is to be seen; who was told so must not have been told wrong."""
    assert seen or not known, "an answer said what is not so"
    return seen
