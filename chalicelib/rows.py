"""How every DynamoDB row is read and written: consistent reads, conditional writes, transactions, and the `due` index.

All tables share one shape: string keys `pk` and `sk`, a sparse index `due` (`due_shard`, `due_at`) that the sweep
reads, and a TTL attribute `expires_at`. IAM actions needed per table: GetItem, PutItem, UpdateItem, DeleteItem,
Query, BatchGetItem (TransactWriteItems needs the same ones).

Lost answers: the SDK repeats a request whose answer was lost, and a conditional write that had taken effect then fails
its own condition. Every write therefore stamps the row with the id of the write (`written_by`), and a failed condition
whose old item bears that very id is a success:

    writer                     DynamoDB
      put (if absent) -------->  stored, written_by=w1
      x  <--- answer lost -----
      put (if absent) -------->  condition fails, old item written_by=w1
      success <----------------
"""

import functools
import random
import threading
import time
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, cast

from botocore.config import Config
from botocore.exceptions import ClientError
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.expressions.update import Update as Changes
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib import dynamodb
from chalicelib.aws import USER_AGENT, keep
from chalicelib.errors import Busy
from chalicelib.settings import settings

DUE_SHARDS = 4
_CONTENTION_ATTEMPTS = 40
_EMPTY_ROUNDS = 8
_LAST = "\U0010ffff"
"""Sorts behind everything that a key may go on with."""

_R = TypeVar("_R", bound="Row")
_T = TypeVar("_T")


class ConditionFailed(Exception):
    """A conditional write did not find what it demanded. `old` is the row as it is, None when there is none."""

    def __init__(self, old: Any) -> None:
        self.old = old
        super().__init__("the condition of a write was not met")


class TransactionCancelled(Exception):
    """A transaction changed nothing.

    `failed` maps the position of each step whose condition failed to the old row (None when there is none); it is empty
    when the transaction merely met another one.
    """

    def __init__(self, failed: dict[int, Any]) -> None:
        self.failed = failed
        super().__init__("a transaction was cancelled")


class DueIndex(GlobalSecondaryIndex["Row"]):  # type: ignore[no-untyped-call]
    """The sparse index of rows that want attention at a time."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    due_shard = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class Row(Model):
    """Base of every row. A subclass names the setting that holds its table's name.

    Rows are read and written by what this module has: PynamoDB's own methods for that know neither tables nor client.
    """

    table_setting: ClassVar[str]

    class Meta:
        table_name = "named by table_setting"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    written_by = UnicodeAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    due_index = DueIndex()

    @classmethod
    def table_name(cls) -> str:
        """The name of the table that these rows are in."""
        return str(getattr(settings(), cls.table_setting))

    # PynamoDB looks, for each row and in each of these three, at every attribute that a row may have.

    def __init__(self, pk: str | None = None, sk: str | None = None, **attributes: Any) -> None:
        """A row that is not written yet.

        Raises:
            ValueError: there is no such attribute.
        """
        if unknown := attributes.keys() - self.get_attributes().keys():
            raise ValueError(f"a {type(self).__name__} has no {', '.join(sorted(unknown))}")
        keys = {name: key for name, key in (("pk", pk), ("sk", sk)) if key is not None}
        self.attribute_values: dict[str, Any] = {**keys, **attributes}

    @classmethod
    def from_raw_data(cls: type[_R], data: dict[str, Any]) -> _R:
        """The row that an item stands for."""
        row = cls()
        attributes = cls.get_attributes()
        for name, value in data.items():
            attribute = attributes.get(name)
            if attribute is not None and "NULL" not in value:
                row.attribute_values[name] = attribute.deserialize(attribute.get_value(value))
        return row

    def serialize(self, null_check: bool = True) -> dict[str, dict[str, Any]]:
        """The item that stands for this row."""
        attributes = self.get_attributes()
        item = {}
        for name, value in self.attribute_values.items():
            if value is not None and (serialized := attributes[name].serialize(value)) is not None:
                item[name] = {attributes[name].attr_type: serialized}
        return item

    @classmethod
    def find(cls: type[_R], pk: str, sk: str) -> _R | None:
        """The row under this key, read consistently; None when there is none."""
        asked = {"TableName": cls.table_name(), "Key": _key(pk, sk), "ConsistentRead": True}
        item = _dynamodb().dispatch("GetItem", asked).get("Item")
        return cls.from_raw_data(item) if item else None

    @classmethod
    def find_many(cls: type[_R], keys: Sequence[tuple[str, str]]) -> list[_R]:
        """The rows under these keys (at most 100), read consistently in one call; absent ones are left out."""
        asked = {"Keys": [_key(pk, sk) for pk, sk in keys], "ConsistentRead": True}
        return [cls.from_raw_data(item) for _, item in _got({cls.table_name(): asked})] if keys else []

    @classmethod
    def below(
        cls: type[_R],
        pk: str,
        prefix: str,
        *,
        limit: int | None = None,
        after: str | None = None,
        first: str | None = None,
        last: str | None = None,
        newest_first: bool = False,
        only: Sequence[str] | None = None,
    ) -> Iterator[_R]:
        """The rows of one partition whose sort key begins with `prefix`, in key order, read consistently.

        One Query per started MB, sent when its first row is asked for.

        Args:
            limit: at most so many rows.
            after: begin behind this sort key, whether or not a row has it.
            first: begin at this sort key, itself included.
            last: with `first`: end at this sort key, itself included.
            newest_first: in reverse order of their keys, where those begin with a moment.
            only: the attributes that are wanted; the rows have no others.
        """
        asked = {"TableName": cls.table_name(), **_keys(pk, prefix, first, last), "ConsistentRead": True}
        if newest_first:
            asked["ScanIndexForward"] = False
        if only is not None:
            names = {f"#{number}": name for number, name in enumerate(only)}
            asked |= {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
        if after is not None:
            asked["ExclusiveStartKey"] = _key(pk, after)
        return map(cls.from_raw_data, _found(asked, limit))

    @classmethod
    def stretch(cls: type[_R], pk: str, first: str, last: str) -> tuple[list[_R], bool]:
        """The first MB of the rows of a partition from one sort key to another (both included); whether more follow.

        One Query.
        """
        asked = {"TableName": cls.table_name(), **_keys(pk, first=first, last=last), "ConsistentRead": True}
        page = _dynamodb().dispatch("Query", asked)
        return [cls.from_raw_data(item) for item in page["Items"]], "LastEvaluatedKey" in page

    @classmethod
    def due(cls, shard: int, until: int, *, limit: int) -> list[tuple[str, str]]:
        """Keys (pk, sk) of at most `limit` rows of a shard, due before `until` (epoch seconds), oldest first."""
        asked = {
            "TableName": cls.table_name(),
            "IndexName": DueIndex.Meta.index_name,
            "KeyConditionExpression": "due_shard = :shard AND due_at < :until",
            "ExpressionAttributeValues": {":shard": {"S": str(shard)}, ":until": {"N": str(until)}},
        }
        return [(item["pk"]["S"], item["sk"]["S"]) for item in _found(asked, limit)]

    def due_from(self, at: int) -> list[Action]:
        """The actions that put this row on the due index at `at` (epoch seconds)."""
        cls = type(self)
        return [cls.due_shard.set(shard_of(self.pk)), cls.due_at.set(at)]

    def make_due(self, at: int) -> None:
        """Put this row, not yet written, on the due index at `at` (epoch seconds)."""
        self.due_shard, self.due_at = shard_of(self.pk), at

    @classmethod
    def no_longer_due(cls) -> list[Action]:
        """The actions that take a row off the due index."""
        return [cls.due_shard.remove(), cls.due_at.remove()]


def find_each(*blanks: Row) -> list[Any]:
    """The rows under the keys of these blank rows (at most 100), each of its own type, or None, in the same order.

    One consistent BatchGetItem, whatever tables they are in.
    """
    keys = [(row.table_name(), row.pk, row.sk) for row in blanks]
    kinds = {key: type(row) for key, row in zip(keys, blanks, strict=True)}
    wanted: dict[str, Any] = {}
    for table, pk, sk in kinds:
        asked = wanted.setdefault(table, {"Keys": [], "ConsistentRead": True})
        asked["Keys"].append(_key(pk, sk))
    found: dict[tuple[str, str, str], Row] = {}
    for table, item in _got(wanted):
        key = table, item["pk"]["S"], item["sk"]["S"]
        found[key] = kinds[key].from_raw_data(item)
    return [found.get(key) for key in keys]


def _got(wanted: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each item that a BatchGetItem for `wanted` gives, with the name of its table.

    DynamoDB leaves keys over when it throttles, and when an answer is full at 16 MB. They are asked for again after a
    short wait, which grows as long as nothing comes.

    Raises:
        Busy: nothing came for too long.
    """
    rounds = 0
    while wanted:
        answer = _dynamodb().dispatch("BatchGetItem", {"RequestItems": wanted})
        count = 0
        for table, items in answer["Responses"].items():
            count += len(items)
            yield from ((table, item) for item in items)
        wanted = answer.get("UnprocessedKeys") or {}
        rounds = 0 if count else rounds + 1
        if rounds == _EMPTY_ROUNDS:
            raise Busy
        if wanted:
            _wait(rounds, 0.025)


def each_below(pk: str, prefix: str, kinds: Mapping[str, type[Row]]) -> Iterator[Row]:
    """The rows of one partition whose sort key begins with `prefix`, in key order, each of its own type.

    One consistent Query per started MB, sent when its first row is asked for.

    Args:
        kinds: types by what their sort keys begin with; the first that fits counts. All lie in one table.
    """

    def typed(item: dict[str, Any]) -> Row:
        return next(kinds[start] for start in kinds if item["sk"]["S"].startswith(start)).from_raw_data(item)

    table = next(iter(kinds.values())).table_name()
    return map(typed, _found({"TableName": table, **_keys(pk, prefix), "ConsistentRead": True}))


def _found(asked: dict[str, Any], limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Each item that a Query finds, at most `limit` of them; one call per started MB, made when its first item is asked
    for."""
    more = True
    while more and limit != 0:
        page = _dynamodb().dispatch("Query", asked if limit is None else {**asked, "Limit": limit})
        yield from page["Items"]
        if limit is not None:
            limit -= len(page["Items"])
        more = "LastEvaluatedKey" in page
        asked = {**asked, "ExclusiveStartKey": page.get("LastEvaluatedKey")}


def _keys(pk: str, prefix: str = "", first: str | None = None, last: str | None = None) -> dict[str, Any]:
    """The parameters of a Query for the rows of a partition whose sort keys begin so, or lie between these."""
    condition, values = "pk = :pk", {":pk": {"S": pk}}
    if first is not None:
        condition += " AND sk BETWEEN :first AND :last"
        values |= {":first": {"S": first}, ":last": {"S": last or prefix + _LAST}}
    elif prefix:  # DynamoDB refuses to begin with nothing
        condition += " AND begins_with(sk, :prefix)"
        values[":prefix"] = {"S": prefix}
    return {"KeyConditionExpression": condition, "ExpressionAttributeValues": values}


def shard_of(pk: str) -> str:
    """The due shard of a partition key: a stable spread over `DUE_SHARDS`."""
    return str(zlib.crc32(pk.encode()) % DUE_SHARDS)


@dataclass(frozen=True, slots=True)
class Put:
    """Transaction step: write this row whole."""

    row: Row
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Transaction step: change some attributes of the row under this row's key."""

    row: Row
    actions: Sequence[Action]
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Transaction step: delete the row under this row's key."""

    row: Row
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Transaction step: demand something of the row under this row's key and change nothing."""

    row: Row
    condition: Condition


Step = Put | Update | Delete | Check


@functools.cache
def absent(cls: type[Row]) -> Condition:
    """The condition that no row stands under the key."""
    return cls.pk.does_not_exist()


def create(row: Row) -> None:
    """Write a row where none is.

    Raises:
        ConditionFailed: there is one already.
    """
    put(row, absent(type(row)))


def put(row: Row, condition: Condition) -> None:
    """Write a row whole, whatever was under its key.

    Raises:
        ConditionFailed: the condition was not met.
    """
    row.written_by = uuid.uuid4().hex
    _conditional("PutItem", _request(row, _expressions(condition), whole=True), row)


def update(row: _R, actions: Sequence[Action], condition: Condition | None = None) -> _R:
    """Change the row under `row`'s key and return it as it is afterwards. `row` itself is left alone.

    Raises:
        ConditionFailed: the condition was not met.
    """
    stamp = uuid.uuid4().hex
    request = _request(row, _expressions(condition, [*actions, type(row).written_by.set(stamp)]))
    answer = _conditional("UpdateItem", {**request, "ReturnValues": "ALL_NEW"}, row, stamp)
    return answer if answer is not None else row


def delete(row: Row) -> None:
    """Delete the row under this row's key; no matter if there is none."""
    _dynamodb().dispatch("DeleteItem", {"TableName": row.table_name(), "Key": _key(row.pk, row.sk)})


def transact(*steps: Step) -> None:
    """Do all steps or none.

    Raises:
        TransactionCancelled: a condition failed, or another transaction was at the same rows.
    """
    commit(prepared(*steps))


@dataclass(frozen=True, slots=True)
class Transaction:
    """Steps that are done all or none, as DynamoDB is asked for them. To be committed once."""

    steps: tuple[Step, ...]
    stamp: str
    asked: dynamodb.Encoded


def prepared(*steps: Step) -> Transaction:
    """The transaction of these steps. Those that share their condition and their actions are put into words once."""
    stamp = uuid.uuid4().hex
    stamped = Row.written_by.set(stamp)
    words: dict[tuple[int, int], dict[str, Any]] = {}

    def worded(condition: Condition | None, actions: Sequence[Action] | None = None) -> dict[str, Any]:
        key = id(condition), id(actions)
        if key not in words:
            words[key] = _expressions(condition, () if actions is None else [*actions, stamped])
        return words[key]

    items = [_transaction_item(step, stamp, worded) for step in steps]
    # PynamoDB would ask for the capacity that a call consumes, which nobody looks at, behind the encoding.
    asked = {"TransactItems": items, "ClientRequestToken": stamp, "ReturnConsumedCapacity": "NONE"}
    return Transaction(steps, stamp, dynamodb.Encoded(asked))


def commit(transaction: Transaction, *, after: Callable[[], object] | None = None) -> None:
    """Do all steps of a prepared transaction or none.

    Args:
        after: called when nothing is left but to send the request; it returns when that may be done.

    Raises:
        TransactionCancelled: a condition failed, or another transaction was at the same rows.
    """
    _sending.after = after
    try:
        _dynamodb().dispatch("TransactWriteItems", transaction.asked)
    except ClientError as error:
        if error.response["Error"]["Code"] not in (
            "TransactionCanceledException",
            "TransactionConflictException",
        ):
            raise
        reasons = list(getattr(error, "cancellation_reasons", []))
        codes = {reason.code for reason in reasons if reason is not None}
        if unexpected := codes - {"ConditionalCheckFailed", "TransactionConflict", "ThrottlingError", "None"}:
            raise RuntimeError(f"a transaction was refused: {sorted(unexpected)}") from error
        failed = {
            position: type(transaction.steps[position].row).from_raw_data(reason.raw_item) if reason.raw_item else None
            for position, reason in enumerate(reasons)
            if reason is not None and reason.code == "ConditionalCheckFailed"
        }
        if failed and all(old is not None and old.written_by == transaction.stamp for old in failed.values()):
            return
        raise TransactionCancelled(failed) from error


def contend(attempt: Callable[[], _T]) -> _T:
    """Call `attempt`, which reads, decides and writes conditionally, until its write meets the rows it read.

    Raises:
        Busy: other writers were faster every time.
    """
    for round_ in range(_CONTENTION_ATTEMPTS):
        try:
            return attempt()
        except (ConditionFailed, TransactionCancelled):
            _wait(round_, 0.005)
    raise Busy


def _wait(round_: int, first: float) -> None:
    """Wait up to `first` seconds, in each further round up to twice as long, but never more than a moment."""
    time.sleep(random.uniform(0, min(first * 2**round_, 0.4)))  # noqa: S311


def _conditional(operation: str, request: dict[str, Any], row: _R, stamp: str | None = None) -> _R | None:
    try:
        answer = _dynamodb().dispatch(operation, request)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        # PynamoDB wraps the SDK's error and leaves the old item behind on the original.
        original = cast(ClientError, error.__cause__)
        item = cast(dict[str, Any], original.response).get("Item")
        old = type(row).from_raw_data(item) if item else None
        if old is not None and old.written_by == (stamp or row.written_by):
            return old
        raise ConditionFailed(old) from error
    return type(row).from_raw_data(answer["Attributes"]) if "Attributes" in answer else None


def _transaction_item(step: Step, stamp: str, worded: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    match step:
        case Put(row, condition):
            row.written_by = stamp
            return {"Put": _request(row, worded(condition), whole=True)}
        case Update(row, actions, condition):
            return {"Update": _request(row, worded(condition, actions))}
        case Delete(row, condition):
            return {"Delete": _request(row, worded(condition))}
        case Check(row, condition):
            return {"ConditionCheck": _request(row, worded(condition))}


def _request(row: Row, expressions: Mapping[str, Any], *, whole: bool = False) -> dict[str, Any]:
    """The parameters of a write: of the whole row, or of what the expressions say about the row under its key."""
    subject = {"Item": row.serialize()} if whole else {"Key": _key(row.pk, row.sk)}
    return {
        "TableName": row.table_name(),
        **subject,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **expressions,
    }


def _expressions(condition: Condition | None, actions: Sequence[Action] = ()) -> dict[str, Any]:
    """The parameters of a write that demand a condition and change attributes."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    found: dict[str, Any] = {}
    if condition is not None:
        found["ConditionExpression"] = condition.serialize(names, values)
    if actions:
        found["UpdateExpression"] = Changes(*actions).serialize(names, values)
    if names:
        found["ExpressionAttributeNames"] = {placeholder: name for name, placeholder in names.items()}
    if values:
        found["ExpressionAttributeValues"] = values
    return found


def _key(pk: str, sk: str) -> dict[str, dict[str, str]]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


# What a thread's transaction has to wait for. The SDK does most of its work ahead of the sending.
_sending = threading.local()


def _wait_to_send(**_: Any) -> None:
    if after := getattr(_sending, "after", None):
        after()


# One botocore client for all tables: PynamoDB would make one per model, some 50 ms each on a cold start.
_making = threading.RLock()
_connection: Connection | None = None


def forget_connections() -> None:
    """Drop the client, so that the next call makes one for the environment as it is then. For tests."""
    global _connection
    with _making:
        _connection = None


def _dynamodb() -> Connection:
    global _connection
    if _connection is None:
        with _making:
            if _connection is None:
                # What PynamoDB makes has the right types: looking at every value again is a twentieth of a call's CPU.
                config = Config(user_agent=USER_AGENT, parameter_validation=False)
                made = Connection(read_timeout_seconds=10, connect_timeout_seconds=3, max_pool_connections=64)
                made.session.set_default_client_config(config)
                dynamodb.prepare(made.session)
                # Made here, under the lock: botocore's session is not safe to make clients in threads.
                dynamodb.write_items_as_they_are(made.client)
                made.client.meta.events.register_first("before-send.dynamodb.TransactWriteItems", _wait_to_send)
                keep("dynamodb")
                _connection = made
    return _connection
