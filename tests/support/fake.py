"""moto, made safe for threads and quicker in what the tests have it do a million times; it does the same as before."""

import functools
import pickle
import threading
from typing import Any

from moto.core import models, responses
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.serialize import AttributePicker, BaseJSONSerializer
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing import validators
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node, UpdateExpression  # type: ignore[attr-defined]
from moto.dynamodb.parsing.expressions import UpdateExpressionParser  # type: ignore[attr-defined]

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

_PLAIN = {"S", "N", "SS", "NS", "NULL", "BOOL"}
_worded = BaseJSONSerializer._serialize_type_map


def _as_it_is(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """An item whose values are already as they are told."""
    if shape.value.name == "AttributeValue" and all(
        type(one) is dict and one.keys() <= _PLAIN for one in value.values()
    ):
        self._default_serialize(serialized, value, shape, key)
    else:
        _worded(self, serialized, value, shape, key)


BaseJSONSerializer._serialize_type_map = _as_it_is  # type: ignore[method-assign]

# What it makes anew whenever it is started, or finds out with each call, of what does not change, ...
_models: Any = models
_models.CallbackResponse = functools.cache(_models.CallbackResponse)
_responses: Any = responses
_responses.method_names_from_class = functools.cache(_responses.method_names_from_class)

_found_out = DepthFirstTraverser.nodes_to_be_processed


def _kept(self: Any) -> Any:
    """... and with each node of an expression."""
    if "kept" not in vars(self):
        self.kept = _found_out(self)
    return self.kept


def _traversed(self: Any, node: Any, child_id: int = -1) -> Any:
    """What a node becomes, and all below it: nothing is called for children that are no nodes."""
    parent = node.parent
    for position, child in enumerate(node.children or ()):
        self.pre_processing_of_child(node, position)
        if isinstance(child, Node):
            _traversed(self, child, position)
    if isinstance(node, self.nodes_to_be_processed()):
        node = self.process(node)
        node.parent = parent
        if parent:
            parent.children[child_id] = node
    return node


DepthFirstTraverser.nodes_to_be_processed = _kept
DepthFirstTraverser.traverse_node_recursively = _traversed

# Keys are texts, and compared as such. A Query looks at the rows of its partition, not at those of the whole table.

_cast: Any = DynamoType.cast_value
_query: Any = Table.query


def _text_or_cast(self: Any) -> Any:
    return self.value if self.type == "S" else _cast.fget(self)


def _in_order(items: Any) -> list[Any]:
    return sorted(items, key=lambda item: (item.hash_key.cast_value, item.range_key.cast_value))


def _all_in_order(self: Any) -> list[Any]:
    return _in_order(item for partition in self.items.values() for item in partition.values())


def _in_its_partition(
    self: Any, hash_key: Any, comparison: Any, values: Any, limit: Any, start: Any, forward: Any, shown: Any,
    index_name: Any = None, *others: Any, **options: Any
) -> Any:  # fmt: skip
    if index_name is None:
        self.all_items = lambda: _in_order(self.items[hash_key].values() if hash_key in self.items else ())
    try:
        return _query(self, hash_key, comparison, values, limit, start, forward, shown, index_name, *others, **options)
    finally:
        vars(self).pop("all_items", None)


DynamoType.cast_value = property(_text_or_cast)  # type: ignore[method-assign,assignment]
Table.all_items = _all_in_order  # type: ignore[method-assign]
Table.query = _in_its_partition  # type: ignore[method-assign,assignment]

# Expressions are parsed once, and copied in a quicker way.

_parse = UpdateExpressionParser.make


@functools.cache
def _parsed(expression: str) -> bytes:
    return pickle.dumps(_parse(expression))


UpdateExpressionParser.make = lambda expression: pickle.loads(_parsed(expression))  # noqa: S301
_validators: Any = validators
_validators.deepcopy = lambda tree: pickle.loads(pickle.dumps(tree))  # noqa: S301


def _of_the_whole(check: Any) -> Any:
    """A check of all clauses of an expression, left out for those parts of it that the check of the whole looks at."""

    def checked(self: Any, node: Any) -> Any:
        return node if isinstance(node.parent, UpdateExpression) else check(self, node)

    return checked


for _kind, _name in (
    (_validators.OverlappingPathsValidator, "check_for_overlapping_paths"),
    (_validators.ActionCountValidator, "verify_action_counts"),
):
    setattr(_kind, _name, _of_the_whole(getattr(_kind, _name)))
