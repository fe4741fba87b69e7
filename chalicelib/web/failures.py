"""Which unexpected exceptions mean only that AWS is busy or out of reach right now, so that trying again may help."""

from chalicelib.errors import AssetManagerError, Busy

_PASSING = frozenset(
    {
        "BandwidthLimitExceeded",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


def expected(error: Exception) -> AssetManagerError | None:
    """The domain error that an exception amounts to: itself, `Busy` when AWS throttles or times out, else None.

    PynamoDB wraps the SDK's exceptions and keeps them as `cause`; the chain is followed to its end.
    """
    if isinstance(error, AssetManagerError):
        return error
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        if _passes(link):
            return Busy()
        cause = getattr(link, "cause", None)
        link = cause if isinstance(cause, BaseException) else link.__cause__
    return None


def _passes(error: BaseException) -> bool:
    from botocore.exceptions import ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as NoConnection

    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        if code == "TransactionCanceledException":
            reasons = error.response.get("CancellationReasons", [])
            codes = {str(reason.get("Code")) for reason in reasons if isinstance(reason, dict)} - {"None"}
            return bool(codes) and codes <= _PASSING
        return code in _PASSING
    return isinstance(error, HTTPClientError | NoConnection)
