"""The operations on tokens."""

from bench.operations.building import Names, Operation, Requests
from bench.stage import Stage
from chalicelib import identity


def token(stage: Stage) -> Names:
    """Somebody's token."""
    return {"token": identity.mint(stage.new_name())[1].id}


_request = Requests("tokens")
OPERATIONS: list[Operation] = [
    _request("the tokens", "GET", "/tokens", token),
    _request("create a token", "POST", "/tokens", json={"name": "alice", "groups": ["g1"], "days": 7}),
    _request("who the caller is", "GET", "/tokens/self"),
    _request("withdraw a token", "DELETE", "/tokens/<token>", token),
]
