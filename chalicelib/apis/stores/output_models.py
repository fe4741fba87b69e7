"""The rows of what workers made of a version's files.

| pk                | sk                                          | row                                               |
| ----------------- | ------------------------------------------- | ------------------------------------------------- |
| `project#<s>/<p>` | `made#<a>/<n>/<type>/<place>/`              | `OutputTree`: which run of a worker is to be seen |
| `project#<s>/<p>` | `made#<a>/<n>/<type>/<place>/<side>/<path>` | `Output`: a file that a run made                  |

The public path of an output is `<a>/<n>/<type>/<place>/<path>`, whichever run made it: links stay when a file is
processed again. `<place>` is the stem of the processed file, or its name where another file has that stem. A run writes
to the side, `a` or `b`, that is not to be seen; one write of the tree's row shows all of it, and a job takes away what
was to be seen before. `pending`, that job's id, is there until this is done, and no further run begins before.
"""

from typing import Self

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.apis.stores.models import Entry, padded, partition
from chalicelib.rows import Row

SIDES = ("a", "b")
MADE = "made#"


class OutputTree(Row):
    """What a worker made of one file of a version. An output is to be seen if its `run` is the one `shown`.

    `runs` counts the runs that began. `awaited` is the path whose verdict the run's job waits for.
    """

    table_setting = "stores_table"

    source = UnicodeAttribute(null=True)
    runs = NumberAttribute(null=True)
    shown = NumberAttribute(null=True)
    side = UnicodeAttribute(null=True)
    pending = UnicodeAttribute(null=True)
    awaited = UnicodeAttribute(null=True)

    @classmethod
    def at(cls, store_id: str, project_id: str, asset_id: str, number: int, place: str) -> Self:
        """A blank row under the key of this tree.

        Args:
            place: `<type>/<place>`.
        """
        return cls(pk=partition(store_id, project_id), sk=f"{made_prefix(asset_id, number)}{place}/")

    @property
    def other_side(self) -> str:
        """The side that is not to be seen."""
        return SIDES[1] if self.side == SIDES[0] else SIDES[0]


class Output(Entry):
    """A file that a run made."""

    run = NumberAttribute(null=True)

    @classmethod
    def on(cls, tree: OutputTree, side: str, path: str) -> Self:
        """A blank row for an output below a tree, on one of its sides."""
        return cls(pk=tree.pk, sk=f"{tree.sk}{side}/{path}")

    @property
    def tree_key(self) -> str:
        """The sort key of its tree."""
        return "/".join(self.sk.split("/", 4)[:4]) + "/"

    @property
    def is_tree(self) -> bool:
        """Whether this is no output but the row of a tree."""
        return self.sk.endswith("/")

    @property
    def side(self) -> str:
        """The side it lies on."""
        return self.sk.split("/", 5)[4]

    @property
    def relative_path(self) -> str:
        """Its path below its tree."""
        return self.sk.split("/", 5)[5]

    @property
    def place(self) -> tuple[str, str, str, int, str]:
        """Store, project, asset, version number and path."""
        store_id, _, project_id = self.pk.removeprefix("project#").partition("/")
        asset_id, number, kind, place, _, path = self.sk.removeprefix(MADE).split("/", 5)
        return store_id, project_id, asset_id, int(number), f"{kind}/{place}/{path}"


class OutputOrTree(Output):
    """Either, as a walk over both finds them."""

    shown = NumberAttribute(null=True)

    def as_output(self) -> Output:
        """It as an output."""
        return Output.from_raw_data(self.serialize())


def made_prefix(asset_id: str, number: int) -> str:
    """What the sort keys of all that was made of a version begin with."""
    return f"{MADE}{asset_id}/{padded(number)}/"
