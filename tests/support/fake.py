"""moto, made safe for threads and quicker in what the tests have it do a million times; it does the same as before."""

import functools
import threading
from typing import Any

from moto.core import responses
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.serialize import AttributePicker
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser  # type: ignore[attr-defined]

_one_at_a_time = threading.RLock()
_unguarded = BotocoreStubber.__call__


def _guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
    """One lock stands around it: threads interleave between calls, never inside one."""
    with _one_at_a_time:
        return _unguarded(self, *args, **kwargs)


BotocoreStubber.__call__ = _guarded  # type: ignore[method-assign]

_KINDS = {"S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"}
_unhurried = AttributePicker.__call__


def _picked(self: Any, context: Any) -> Any:
    """What a value of an item has under one of its ten possible names: the fake would look for others like it, too,
    which takes longer than all else that it does with a page of rows.
    """
    found = context.obj
    if type(found) is dict and len(found) == 1 and context.key in _KINDS and not self.response_transformers:
        (kind,) = found
        if kind in _KINDS:
            return found.get(context.key)
    return _unhurried(self, context)


AttributePicker.__call__ = _picked  # type: ignore[method-assign]

# What it finds out anew with each call, of a class that does not change, ...
_responses: Any = responses
_responses.method_names_from_class = functools.cache(_responses.method_names_from_class)

_found_out = DepthFirstTraverser.nodes_to_be_processed


def _kept(self: Any) -> Any:
    """... and with each node of an expression."""
    if "kept" not in vars(self):
        self.kept = _found_out(self)
    return self.kept


DepthFirstTraverser.nodes_to_be_processed = _kept
