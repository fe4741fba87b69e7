"""Many versions' files read together: the partition is walked in stretches of one MB that leap over what is not wanted.

An output of a worker is to be seen if its tree's row shows its run. A tree's row comes ahead of its outputs, and `Walk`
looks at it once more behind them: had another run been shown meanwhile, outputs of the first might have been cleared.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from chalicelib.apis.stores.output_models import MADE, OutputOrTree, OutputTree
from chalicelib.batches import batched
from chalicelib.files.models import Verdict
from chalicelib.rows import Row

_LAST = "\U0010ffff"
_AT_ONCE = 100

_R = TypeVar("_R", bound=Row)


def leaping(cls: type[_R], pk: str, prefixes: Sequence[str], behind: str = "") -> Iterator[_R]:
    """The rows of one partition whose keys begin with any of these prefixes, which are in order, behind a key.

    One Query for each started MB; where a stretch ends between two prefixes, the next begins at the second.
    """
    position, first, more = 0, behind + "\0" if behind else "", True
    while more and position < len(prefixes):
        rows, more = cls.stretch(pk, max(first, prefixes[position]), prefixes[-1] + _LAST)
        for row in rows:
            while position < len(prefixes) and _is_before(prefixes[position], row.sk):
                position += 1
            if position < len(prefixes) and row.sk.startswith(prefixes[position]):
                yield row
        if rows:
            first = rows[-1].sk + "\0"


class Walk(Iterator[OutputOrTree]):
    """The clean files that are to be seen below some prefixes, which are in order, behind a key.

    Whoever has taken some has to ask whether they `stand`; if not, a new walk begins behind those that stood.
    """

    def __init__(self, pk: str, prefixes: Sequence[str], behind: str) -> None:
        self._pk = pk
        self._trees: dict[str, float | None] = {}
        if behind.startswith(MADE):
            key = OutputOrTree(pk, behind).tree_key
            self._trees = self._shown([key])
        self._rows = leaping(OutputOrTree, pk, prefixes, behind)

    def __next__(self) -> OutputOrTree:
        for row in self._rows:
            if row.sk.startswith(MADE):
                if row.is_tree:
                    self._trees[row.sk] = row.shown
                    continue
                if row.run is None or row.run != self._trees.get(row.tree_key):
                    continue
            if row.state == Verdict.CLEAN:
                return row
        raise StopIteration

    def stands(self) -> bool:
        """Whether all that was taken since the last time was to be seen at once: a BatchGetItem a hundred trees."""
        if not self._trees:
            return True
        *before, last = self._trees
        if self._shown([*before, last]) != self._trees:
            return False
        self._trees = {last: self._trees[last]}  # the one whose outputs may go on
        return True

    def _shown(self, keys: Sequence[str]) -> dict[str, float | None]:
        found: dict[str, float | None] = dict.fromkeys(keys)
        for some in batched(keys, _AT_ONCE):
            found |= {tree.sk: tree.shown for tree in OutputTree.find_many([(self._pk, key) for key in some])}
        return found


def _is_before(prefix: str, key: str) -> bool:
    """Whether all keys with this prefix come before a key."""
    return prefix < key and not key.startswith(prefix)
