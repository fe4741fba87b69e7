"""The sweep: once a minute, look at every row that is due and put right what events and crashed workers missed.

It reads the sparse `due` index of each table, shard by shard, and hands each row to the function registered for it.
The index may lag, so those functions read the row itself and decide by conditional writes.
"""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib import clock, metrics
from chalicelib.logs import logger
from chalicelib.rows import DUE_SHARDS, ConditionFailed, Row, update

PAGE = 100
_AFTER_FAILURE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Attendant:
    """Who looks after the due rows of one kind: those of `table` whose sort key begins with `prefix`."""

    table: type[Row]
    prefix: str
    attend: Callable[[str, str], None]


_attendants: list[Attendant] = []


def register(attendant: Attendant) -> None:
    """Have the sweep hand due rows of this kind to this function, which gets their pk and sk."""
    _attendants.append(attendant)


def sweep() -> int:
    """Look after at most `PAGE` due rows of each shard of each table; the next sweep takes the rest.

    Returns:
        How many rows were looked after.

    Raises:
        Exception: what went wrong first with a shard that DynamoDB would not read or write; the others are done.
    """
    tables = {attendant.table.table_setting: attendant.table for attendant in _attendants}
    count, failures = 0, []
    for table in tables.values():
        for shard in range(DUE_SHARDS):
            try:
                for pk, sk in table.due(shard, clock.epoch(), limit=PAGE):
                    _attend(table, pk, sk)
                    count += 1
            except Exception as error:  # noqa: BLE001
                logger.exception("a shard could not be looked after", table=table.table_setting, shard=shard)
                failures.append(error)
    if failures:
        raise failures[0]
    metrics.emit("SweepLookedAfter", count)  # its absence is the alarm that no sweep ran
    return count


def _attend(table: type[Row], pk: str, sk: str) -> None:
    for attendant in _attendants:
        if attendant.table.table_setting == table.table_setting and sk.startswith(attendant.prefix):
            try:
                attendant.attend(pk, sk)
            except ConditionFailed:
                logger.info("a due row moved on by itself", pk=pk, sk=sk)
            except Exception:  # noqa: BLE001
                # One row that fails must not keep the others waiting: it goes to the back.
                logger.exception("a due row could not be looked after", pk=pk, sk=sk)
                _postpone(table, pk, sk)
            return
    logger.error("nobody looks after this kind of row", pk=pk, sk=sk)


def _postpone(table: type[Row], pk: str, sk: str) -> None:
    row = table(pk, sk)
    try:
        update(row, row.due_from(clock.epoch() + _AFTER_FAILURE_SECONDS), table.due_at.exists())
    except ConditionFailed:
        logger.info("a due row moved on by itself", pk=pk, sk=sk)
