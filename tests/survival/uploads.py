"""Histories of uploads: begun, sent straight to S3, used once by an asset or a version, or forgotten."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, multiple, rule

from chalicelib.settings import settings
from tests.faults import stores
from tests.support.client import Reply
from tests.survival.assets import AssetHistories, Facts
from tests.survival.base import VERDICTS, rows
from tests.survival.mishaps import MISHAPS, Mishap
from tests.survival.stores import ASSETS, StoreHistories


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload whose form a client holds."""

    upload_id: str
    key: str
    name: str
    content: bytes
    verdict: str


class UploadHistories(AssetHistories, StoreHistories):
    """What clients do that send bytes to S3 themselves."""

    forms: Bundle[Begun] = Bundle("forms")
    sent: Bundle[Begun] = Bundle("sent")

    @rule(target=forms, verdict=VERDICTS, mishap=MISHAPS)
    def an_upload_is_begun(self, verdict: str, mishap: Mishap | None) -> Any:
        content = self.bytes_for(verdict)
        name, answers = f"n{self.count}.txt", list[Reply]()

        def send() -> Reply:
            answers.append(self.world.client.get(f"/s3/params?filename={name}&size={len(content)}"))
            return answers[0]

        if not self.request(mishap, send, (200,)):
            return multiple()
        key = answers[0].json()["fields"]["key"]
        return Begun(key.rpartition("/")[2], key, name, content, verdict)

    @rule(target=sent, begun=consumes(forms))
    def its_bytes_are_sent(self, begun: Begun) -> Begun:
        self.world.inspect("s3").put_object(Bucket=settings().intake_bucket, Key=begun.key, Body=begun.content)
        return begun

    @rule(target=AssetHistories.assets, begun=st.one_of(consumes(sent), consumes(forms)), mishap=MISHAPS)
    def an_asset_is_created_from_it(self, begun: Begun, mishap: Mishap | None) -> Any:
        body = {"asset": {"upload": begun.upload_id}}
        self.request(mishap, lambda: self.world.client.post("/assets", json=body), (201, 422))
        # The client may not know, but whoever looks does.
        made = [row["pk"].removeprefix("asset#") for row in rows(self.world, "assets_table", "asset")
                if row["name"] == begun.name]  # fmt: skip
        assert len(made) <= 1
        for asset_id in made:
            self.facts[asset_id] = Facts(begun.name, begun.content, begun.verdict)
        return multiple(*made)

    @rule(asset=ASSETS, begun=consumes(sent), mishap=MISHAPS)
    def a_version_is_made_from_it(self, asset: str, begun: Begun, mishap: Mishap | None) -> None:
        path = f"{stores.PROJECT}/upload/{asset}?create=true&update=true&upload={begun.upload_id}"
        versions = self.shelf.versions.get(asset, [])
        path += f"&filename=v{len(versions) + 1}.txt"
        self.request(mishap, lambda: self.world.client.post(path, body=b"", headers=stores.OCTETS), (200, 400))
        counted = self.counted(asset)
        assert counted - len(versions) in (0, 1)
        if counted > len(versions):
            self.shelf.versions[asset] = [*versions, (begun.content, begun.verdict)]
