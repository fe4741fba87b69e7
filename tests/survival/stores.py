"""Histories of the stores API: versions of assets, and a project that becomes public and restricted."""

from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from tests.faults import stores
from tests.support.client import Reply
from tests.survival.base import VERDICTS, Histories
from tests.survival.mishaps import MISHAPS, Mishap

ASSETS = st.sampled_from(("map", "plan"))


@dataclass(slots=True)
class Shelf:
    """The project as the model has it: the versions of each asset, as content and verdict, the oldest first."""

    public: bool = False
    versions: dict[str, list[tuple[bytes, str]]] = field(default_factory=dict)

    def clean(self) -> dict[str, bytes]:
        """Every clean file by its path on the stores host."""
        return {
            f"/stores/default/expo/{asset}/{number}/v{number}.txt": content
            for asset, versions in self.versions.items()
            for number, (content, verdict) in enumerate(versions, 1)
            if verdict == "clean"
        }


class StoreHistories(Histories):
    """What clients of the stores API do."""

    def __init__(self) -> None:
        super().__init__()
        self.shelf = Shelf()

    @initialize()
    def a_project_is_there(self) -> None:
        stores.project(self.world, "g1")

    @rule(asset=ASSETS, verdict=VERDICTS, mishap=MISHAPS)
    def a_version_is_uploaded(self, asset: str, verdict: str, mishap: Mishap | None) -> None:
        content, versions = self.bytes_for(verdict), self.shelf.versions.get(asset, [])
        path = f"{stores.PROJECT}/upload/{asset}?filename=v{len(versions) + 1}.txt&create=true&update=true"

        def send() -> Reply:
            return self.world.client.post(path, body=content, headers=stores.OCTETS)

        known = self.request(mishap, send, (200,))
        counted = self.counted(asset)
        assert counted - len(versions) in ((1,) if known else (0, 1))
        if counted > len(versions):
            self.shelf.versions[asset] = [*versions, (content, verdict)]

    @rule(public=st.booleans(), mishap=MISHAPS)
    def the_project_is_opened_or_closed(self, public: bool, mishap: Mishap | None) -> None:
        names = ("g1", "public") if public else ("g1",)
        known = self.request(mishap, lambda: stores.groups(self.world, *names), (200,))
        shown = "public" in self.world.client.get(f"{stores.PROJECT}/projectAccessMeta").json()["groups"]
        assert shown == public or (known is None and shown == self.shelf.public)
        # What the change makes necessary is a job's to do.
        self.torn |= shown != self.shelf.public
        self.shelf.public = shown

    def counted(self, asset: str) -> int:
        row = self.world.row("stores_table", "project#default/expo", f"asset#{asset}")
        return 0 if row is None else int(row["uploads"])

    @invariant()
    def an_index_file_is_a_clean_version(self) -> None:
        if not self.is_news("versions shown", "stores_table"):
            return
        for asset, versions in self.shelf.versions.items():
            meta = self.world.client.get(f"{stores.PROJECT}/meta/{asset}").json()
            assert int(meta["version"]) == len(versions)
            path = meta["index_file"].partition("stores.test")[2]
            assert not path or path.startswith("/stores/~") or path in self.shelf.clean()

    @invariant()
    def readers_of_stores_get_the_right_bytes_or_none(self) -> None:
        if not self.is_news("versions read", "stores_table"):
            return
        for path, content in self.shelf.clean().items():
            reply = self.world.client.get(f"http://stores.test{path}")
            assert reply.status in (200, 401, 403, 404), reply.text
            if reply.status == 200:
                assert reply.body == content

    @invariant()
    def what_is_restricted_is_not_in_the_media_bucket(self) -> None:
        shown = self._served()
        clean = self.shelf.clean()
        assert shown.items() <= clean.items()
        assert self.shelf.public or self.torn or not shown

    def check_the_end(self) -> None:
        super().check_the_end()
        assert stores.disagreements(self.world) == []
        assert self._served() == (self.shelf.clean() if self.shelf.public else {})

    def _served(self) -> dict[str, bytes]:
        return {path: content for path, content in self.world.published().items() if path.startswith("/stores/")}
