"""Addresses by which the edge gives bytes of the library to whoever holds one, for a while.

    https://<assets host>/library/media/<key>?response-content-type=...&Expires=...&Signature=...&Key-Pair-Id=...
    https://<stores host>/library/stores/<key>?...

The edge passes nothing on that no key of its key group signed: this very address, until then. It drops the segments in
front of the key and asks the library bucket, which answers with the type and the name that the signed query says. The
segments decide what else the answer says: media never run, and what stores hold runs in a sandbox.

Keys are ECDSA P-256: an RSA key would take half of the 4 KB that a function's environment may have.
"""

import functools
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from chalicelib import clock
from chalicelib.settings import BadSetting, settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


def origin(*, sites: bool) -> str:
    """Scheme and host of the edge for signed addresses; empty where it knows no key of ours.

    Args:
        sites: whether it is for what stores hold, which has a host of its own if there is one.
    """
    if not settings().edge_key_id:
        return ""
    return ((settings().stores_origin if sites else "") or settings().assets_origin).rstrip("/")


def signed_url(key: str, *, seconds: int, headers: dict[str, str], sites: bool) -> str:
    """An address at the edge of an object in the library bucket.

    Args:
        key: the object's key.
        seconds: how long the address may be asked for; what was asked for in time is sent to its end.
        headers: response headers that S3 sets, by S3's own names, e.g. `ContentType`.
        sites: as above.

    Raises:
        BadSetting: the private key is none that the edge takes.
    """
    from botocore.signers import CloudFrontSigner

    asked = {_QUERIES[name]: value for name, value in headers.items()}
    path = f"/library/{'stores' if sites else 'media'}/{quote(key)}"
    url = f"{origin(sites=sites)}{path}?{urlencode(asked, quote_via=quote, safe='')}"
    signer = CloudFrontSigner(settings().edge_key_id, functools.partial(_sign, settings().edge_private_key))
    signed: str = signer.generate_presigned_url(
        url, date_less_than=datetime.fromtimestamp(clock.epoch() + seconds, UTC)
    )
    return signed


_QUERIES = {"ContentType": "response-content-type", "ContentDisposition": "response-content-disposition"}


def _sign(pem: str, message: bytes) -> bytes:
    # SHA-1 is what the edge verifies with.
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA1

    return _private_key(pem).sign(message, ECDSA(SHA1()))  # noqa: S303


@functools.cache
def _private_key(pem: str) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise BadSetting("EDGE_PRIVATE_KEY is no private key in PEM") from error
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise BadSetting("EDGE_PRIVATE_KEY is not of the curve P-256")
    return key
