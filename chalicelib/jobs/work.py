"""The work queue: each message is one name and one argument, `{"job": "<id>"}`, and each name has one function."""

from collections.abc import Callable

from chalicelib.jobs.queues import Message

_functions: dict[str, Callable[[str], None]] = {}


def register(name: str, function: Callable[[str], None]) -> None:
    """Let this function do the work that messages of this name ask for."""
    _functions[name] = function


def handle(message: Message) -> None:
    """Handle one message of the work queue."""
    for name, argument in message.body.items():
        _functions[name](argument)
