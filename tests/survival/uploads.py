"""Histories of uploads: begun, sent straight to S3, used once by whichever API comes first, or forgotten."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis.stateful import Bundle, multiple, rule

from chalicelib.files.receiving import UPLOAD_SECONDS
from chalicelib.settings import settings
from tests.faults import stores
from tests.support.client import Reply
from tests.survival.assets import AssetHistories, Facts
from tests.survival.base import VERDICTS, Held, rows
from tests.survival.mishaps import MISHAPS, Mishap
from tests.survival.stores import ASSETS, StoreHistories


@dataclass(slots=True, eq=False)
class Begun:
    """An upload whose form a client holds. `at` is how far the clock had moved when it was begun."""

    upload_id: str
    key: str
    held: Held
    at: float
    sent: bool = False
    used: bool = False


class UploadHistories(AssetHistories, StoreHistories):
    """What clients do that send bytes to S3 themselves."""

    uploads: Bundle[Begun] = Bundle("uploads")

    @rule(target=uploads, verdict=VERDICTS, mishap=MISHAPS)
    def an_upload_is_begun(self, verdict: str, mishap: Mishap | None) -> Any:
        held, answers = self.held(verdict), list[Reply]()

        def send() -> Reply:
            url = f"/s3/params?filename={held.name}&size={len(held.content)}"
            answers.append(self.world.client.get(url))
            return answers[0]

        if not self.request(mishap, send, (200,)):
            return multiple()
        key = answers[0].json()["fields"]["key"]
        return Begun(key.rpartition("/")[2], key, held, self.world.ahead)

    @rule(upload=uploads)
    def its_bytes_are_sent(self, upload: Begun) -> None:
        # Nobody sends bytes by a form that has run out: the bucket would refuse them.
        if not upload.sent and self.world.ahead < upload.at + UPLOAD_SECONDS:
            self.world.inspect("s3").put_object(
                Bucket=settings().intake_bucket, Key=upload.key, Body=upload.held.content
            )
            upload.sent = True
            self.files[upload.upload_id] = upload.held

    @rule(target=AssetHistories.assets, upload=uploads, mishap=MISHAPS)
    def an_asset_is_created_from_it(self, upload: Begun, mishap: Mishap | None) -> Any:
        body = {"asset": {"upload": upload.upload_id}}
        before = set(self.facts)
        known = self.request(
            mishap, lambda: self.world.client.post("/assets", json=body), self.statuses(upload, 201, 422)
        )
        # The client may not know, but whoever looks does.
        made = [
            asset_id
            for row in rows(self.world, "assets_table", "asset")
            if row["name"] == upload.held.name and (asset_id := row["pk"].removeprefix("asset#")) not in before
        ]
        self.is_used(upload, known, bool(made))
        for asset_id in made:
            self.facts[asset_id] = Facts(upload.held.name, upload.held.content, upload.held.verdict)
        return multiple(*made)

    @rule(asset=ASSETS, upload=uploads, mishap=MISHAPS)
    def a_version_is_made_from_it(self, asset: str, upload: Begun, mishap: Mishap | None) -> None:
        path = f"{stores.PROJECT}/upload/{asset}?create=true&update=true&upload={upload.upload_id}"
        versions = self.shelf.versions.get(asset, [])
        path += f"&filename=v{len(versions) + 1}.txt"
        send: Callable[[], Reply] = lambda: self.world.client.post(path, body=b"", headers=stores.OCTETS)  # noqa: E731
        known = self.request(mishap, send, self.statuses(upload, 200, 400))
        counted = self.counted(asset)
        assert counted - len(versions) in (0, 1)
        self.is_used(upload, known, counted > len(versions))
        if counted > len(versions):
            self.shelf.versions[asset] = [*versions, (upload.held.content, upload.held.verdict)]

    def statuses(self, upload: Begun, taken: int, refused: int) -> tuple[int, ...]:
        """How somebody is answered who would use an upload: it is used once, once it has come, and in time."""
        if upload.used or not upload.sent:
            return (refused,)
        return (taken,) if self.world.ahead < upload.at + UPLOAD_SECONDS / 2 else (taken, refused)

    def is_used(self, upload: Begun, known: bool | None, done: bool) -> None:
        """Note that an upload was used, or was not, by what is to be seen."""
        assert not done or (upload.sent and not upload.used), "an upload was used that could not be"
        assert done or not known or upload.used or not upload.sent, "an upload was said to be used, and is not"
        upload.used |= done
