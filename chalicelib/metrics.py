"""What is counted and measured, in CloudWatch's embedded format: one line a metric, no call to AWS.

Names and units are the contract with the alarms and the dashboard in `infra/`. Each value counts for the stage as a
whole, which is what they look at, and once more for its own dimension, which is for whoever looks closer.
"""

from enum import Enum

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from chalicelib.logs import logger
from chalicelib.settings import BadSetting, settings

NAMESPACE = "AssetManager"

_COUNT, _SECONDS = MetricUnit.Count, MetricUnit.Seconds


class Metric(Enum):
    """Every metric there is: its name, unit and meaning."""

    UPLOADS = ("Uploads", _COUNT, "files whose bytes arrived and were seen for the first time")
    VERDICTS = ("Verdicts", _COUNT, "files that got their verdict, by verdict")
    TIME_TO_VERDICT = ("TimeToVerdict", _SECONDS, "from a file's beginning to its verdict")
    UNSCANNED_AGE = ("UnscannedAge", _SECONDS, "age of a file that has arrived and is overdue for its verdict")
    SCANS_PUT_OFF = ("ScansPutOff", _COUNT, "scans that could not be made now, by what was in the way")
    SCANS_REFUSED = ("ScansRefused", _COUNT, "files that GuardDuty could not look at, by its own word")
    DUPLICATES = ("Duplicates", _COUNT, "scan messages for files that had been done with")
    JOBS_ENDED = ("JobsEnded", _COUNT, "jobs that ended, by state")
    JOBS_FAILED = ("JobsFailed", _COUNT, "jobs that failed for good, by kind")
    PARTS_FAILED = ("PartsFailed", _COUNT, "parts of long jobs that failed for good, by kind")
    MESSAGES_FAILED = ("MessagesFailed", _COUNT, "messages that could not be handled and come again, by queue")
    ERRORS = ("Errors", _COUNT, "requests that ended in an unexpected error")
    SWEEP_LOOKED_AFTER = ("SweepLookedAfter", _COUNT, "rows that a sweep looked after")


_BY_NAME = {metric.value[0]: metric for metric in Metric}


def emit(name: str, value: float = 1, **dimensions: str) -> None:
    """Record one value of a metric, split by these dimensions (few values each: a verdict, a queue; never an id).

    Raises:
        KeyError: it is none of `Metric`.
    """
    _write({name: value}, _BY_NAME[name].value[1], dimensions)


def register() -> None:
    """Record a zero of everything that is counted, so that a metric is there before it is first needed."""
    _write({name: 0 for name, unit, _ in (metric.value for metric in Metric) if unit is _COUNT}, _COUNT, {})
    _write({Metric.UNSCANNED_AGE.value[0]: 0}, _SECONDS, {})


def _write(values: dict[str, float], unit: MetricUnit, dimensions: dict[str, str]) -> None:
    whole = {"service": str(logger.service), "stage": _stage()}
    provider = AmazonCloudWatchEMFProvider(namespace=NAMESPACE, service=whole["service"])
    for name, value in values.items():
        provider.add_metric(name, unit, value)
    provider.add_dimension("stage", whole["stage"])
    if dimensions:
        provider.add_dimensions(**whole, **dimensions)
    provider.flush_metrics()


def _stage() -> str:
    try:
        return settings().stage
    except BadSetting:
        return "unknown"  # which may be the very error that is being counted
