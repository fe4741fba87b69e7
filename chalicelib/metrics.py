"""What is counted and measured, in CloudWatch's embedded format: one line a metric, no call to AWS.

Names and units are the contract with the alarms and the dashboard in `infra/`.
"""

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from chalicelib.logs import logger

_NAMESPACE = "AssetManager"

COUNT, SECONDS = MetricUnit.Count, MetricUnit.Seconds


def emit(name: str, value: float = 1, unit: MetricUnit = COUNT, **dimensions: str) -> None:
    """Record one value of a metric, split by these dimensions (few values each: a verdict, a queue; never an id)."""
    with single_metric(name=name, unit=unit, value=value, namespace=_NAMESPACE) as metric:
        metric.add_dimension("service", str(logger.service))
        for key, of in dimensions.items():
            metric.add_dimension(key, of)
