"""What Lambda hands a function beside its event."""

import time
import uuid
from dataclasses import dataclass, field


@dataclass(slots=True)
class LambdaContext:
    """The context object of one invocation.

    Args:
        function_name: the function's name, as app.py gives it.
        timeout: seconds until Lambda would end the invocation.
        aws_request_id: id of the invocation.
    """

    function_name: str
    timeout: float = 29.0
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    memory_limit_in_mb: int = 1024
    function_version: str = "$LATEST"
    log_group_name: str = "local"
    log_stream_name: str = "local"
    _started: float = field(default_factory=time.monotonic)

    @property
    def invoked_function_arn(self) -> str:
        """The function's ARN, in the local account."""
        return f"arn:aws:lambda:us-east-1:000000000000:function:assetmanager-{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds left of the timeout."""
        return max(0, int((self.timeout - (time.monotonic() - self._started)) * 1000))
