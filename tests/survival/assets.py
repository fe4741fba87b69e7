"""Histories of the assets API: uploads, replacements, drafts, deletions."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, multiple, rule

from tests.faults import agreement
from tests.support.client import Reply
from tests.survival.base import VERDICTS, Histories, rows
from tests.survival.mishaps import MISHAPS, Mishap


@dataclass(frozen=True, slots=True)
class Facts:
    """An asset as the model has it."""

    name: str
    content: bytes
    verdict: str
    draft: bool = False
    deleted: bool = False

    @property
    def public(self) -> bool:
        """Whether everybody may read it once it was scanned."""
        return self.verdict == "clean" and not self.draft and not self.deleted


class AssetHistories(Histories):
    """What clients of the assets API do."""

    assets: Bundle[str] = Bundle("assets")

    def __init__(self) -> None:
        super().__init__()
        self.facts: dict[str, Facts] = {}

    @rule(target=assets, verdict=VERDICTS, draft=st.booleans(), mishap=MISHAPS)
    def an_asset_is_created(self, verdict: str, draft: bool, mishap: Mishap | None) -> Any:
        content = self.bytes_for(verdict)
        facts = Facts(f"n{self.count}.txt", content, verdict, draft)

        def send() -> Reply:
            form = {"asset[draft]": str(draft).lower()}
            return self.world.client.post("/assets", form=form, files={"asset[file]": (facts.name, content)})

        self.request(mishap, send, (201,))
        # The client may not know, but whoever looks does.
        made = [row["pk"].removeprefix("asset#") for row in rows(self.world, "assets_table", "asset")
                if row["name"] == facts.name]  # fmt: skip
        assert len(made) <= 1
        for asset_id in made:
            self.facts[asset_id] = facts
        assert made or self.torn
        return multiple(*made)

    @rule(asset_id=assets, verdict=VERDICTS, mishap=MISHAPS)
    def its_file_is_replaced(self, asset_id: str, verdict: str, mishap: Mishap | None) -> None:
        content = self.bytes_for(verdict)
        after = replace(self.facts[asset_id], name=f"n{self.count}.txt", content=content, verdict=verdict)
        self._change(mishap, asset_id, after, lambda: self.world.replace(asset_id, content, after.name))

    @rule(asset_id=assets, draft=st.booleans(), mishap=MISHAPS)
    def it_is_hidden_or_shown(self, asset_id: str, draft: bool, mishap: Mishap | None) -> None:
        after = replace(self.facts[asset_id], draft=draft)
        self._change(mishap, asset_id, after, lambda: self.world.change(asset_id, draft=str(draft).lower()))

    @rule(asset_id=assets, mishap=MISHAPS)
    def it_is_deleted(self, asset_id: str, mishap: Mishap | None) -> None:
        after = replace(self.facts[asset_id], deleted=True)
        self._change(mishap, asset_id, after, lambda: self.world.client.delete(f"/assets/{asset_id}"))

    @rule(asset_id=assets, mishap=MISHAPS)
    def it_is_restored(self, asset_id: str, mishap: Mishap | None) -> None:
        after = replace(self.facts[asset_id], deleted=False)
        self._change(mishap, asset_id, after, lambda: self.world.client.post(f"/assets/{asset_id}/restore"))

    def _change(self, mishap: Mishap | None, asset_id: str, after: Facts, send: Callable[[], Reply]) -> None:
        before = self.facts[asset_id]
        known = self.request(mishap, send, (200, 404))
        shown = self._shown(asset_id)
        if known is None:
            assert shown in (_of(before), _of(after)), f"{shown} is neither {before} nor {after}"
            self.facts[asset_id] = after if shown == _of(after) else before
        else:
            self.facts[asset_id] = after if shown == _of(after) else before

    def _shown(self, asset_id: str) -> tuple[str, bool, bool]:
        (row,) = (row for row in rows(self.world, "assets_table", "asset") if row["pk"] == f"asset#{asset_id}")
        return row["name"], bool(row.get("draft")), bool(row.get("deleted_at"))

    @invariant()
    def every_asset_shows_what_was_said_of_it(self) -> None:
        if not self.is_news("assets shown", "assets_table"):
            return
        for asset_id, facts in self.facts.items():
            reply = self.world.client.get(f"/assets/{asset_id}")
            if facts.deleted:
                assert reply.status == 404, reply.text
                continue
            shown = reply.json()
            assert (shown["name"], shown["draft"], shown["deleted"]) == _of(facts)
            assert shown["state"] in ("unscanned", facts.verdict)

    @invariant()
    def readers_get_the_right_bytes_or_none(self) -> None:
        if not self.is_news("assets read", "assets_table"):
            return
        for asset_id, facts in self.facts.items():
            reply = self.world.client.get(f"http://assets.test/media/{asset_id}/{facts.name}")
            if reply.status == 200:
                assert reply.body == facts.content
                assert facts.public

    @invariant()
    def what_is_not_public_is_not_in_the_media_bucket(self) -> None:
        if not self.torn:
            assert self._published().items() <= self._public().items()

    def check_the_end(self) -> None:
        super().check_the_end()
        assert agreement.disagreements(self.world) == []
        assert self._published() == self._public()
        for asset_id, facts in self.facts.items():
            if not facts.deleted:
                assert self.world.shown(asset_id)["state"] == facts.verdict

    def _published(self) -> dict[str, bytes]:
        return {path: content for path, content in self.world.published().items() if path.startswith("/media/")}

    def _public(self) -> dict[str, bytes]:
        return {f"/media/{key}/{facts.name}": facts.content for key, facts in self.facts.items() if facts.public}


def _of(facts: Facts) -> tuple[str, bool, bool]:
    return facts.name, facts.draft, facts.deleted
