"""Histories of all APIs at once, on the same Files: uploads that any of them may use, clones, copies, replacements."""

from typing import Any

from hypothesis.stateful import rule

from tests.faults.workspaces import MANAGER
from tests.survival.bundles import Project
from tests.survival.mishaps import MISHAPS, Mishap
from tests.survival.projects import PATHS, ROOTS, ProjectHistories
from tests.survival.spaces import Space
from tests.survival.uploads import Begun, UploadHistories
from tests.survival.workspaces import RESOURCES, WorkspaceHistories


class AllHistories(UploadHistories, ProjectHistories, WorkspaceHistories):
    """What clients of all APIs do with the same uploads."""

    @rule(project=ProjectHistories.projects, path=PATHS, upload=UploadHistories.uploads, mishap=MISHAPS)
    def a_file_is_put_from_an_upload(self, project: Project, path: str, upload: Begun, mishap: Mishap | None) -> None:
        url = f"{self.api.url(project.number, path)}?upload={upload.upload_id}"
        statuses = self.statuses(upload, 200 if path in project.files else 201, 400)
        done = self.put_into(project, path, upload.held, mishap, lambda: self.world.client.put(url), statuses)
        self.is_used(upload, None, done)

    @rule(target=ProjectHistories.clips, root=ROOTS, path=PATHS, upload=UploadHistories.uploads, mishap=MISHAPS)
    def a_media_asset_is_made_of_an_upload(self, root: str, path: str, upload: Begun, mishap: Mishap | None) -> Any:
        form = {"name": upload.held.name, "production_id": 1, "path_file": root + path, "upload": upload.upload_id}
        before = len(self.media)
        known = self.request(
            mishap, lambda: self.world.client.post("/api/videoassets/", json=form), self.statuses(upload, 201, 400)
        )
        made = self.clip_made(upload.held, True, root + path, known if not upload.used and upload.sent else None)
        self.is_used(upload, known, len(self.media) > before)
        return made

    @rule(space=WorkspaceHistories.spaces, ref=RESOURCES, upload=UploadHistories.uploads, mishap=MISHAPS)
    def a_resource_is_put_from_an_upload(self, space: Space, ref: str, upload: Begun, mishap: Mishap | None) -> None:
        url = f"{MANAGER}/{space.guid}{ref}?upload={upload.upload_id}"
        statuses = self.statuses(upload, 200 if ref in space.resources else 201, 400)
        done = self.put_at(space, ref, upload.held, mishap, lambda: self.world.client.put(url), statuses)
        self.is_used(upload, None, done)
