"""The one logger: structured lines, with the running request's or message's ids.

Never log a token, a presigned URL, a query string or a file's content.
"""

from aws_lambda_powertools import Logger

# Not the Chalice app's name: Powertools would log every line twice.
logger = Logger(service="asset-manager")
