"""Which credentials a request carries and whose they are.

An API token comes as `Authorization: Bearer`, `Token` or `Basic` (the password is the token; the user name is not
looked at), or in the header `AUTH_TOKEN` / `AUTH-TOKEN`. An `Authorization` of one of these schemes beats the other
headers; another scheme is none of ours and counts as nothing. Cookies and query parameters are not credentials here.
"""

import base64
import binascii

from chalicelib.errors import Forbidden, InvalidToken, NotFound, Unauthenticated
from chalicelib.identity import LOCAL_SUPERUSER, SIGNIN, Principal, authenticate
from chalicelib.settings import settings
from chalicelib.web.hosts import Host, host_of
from chalicelib.web.request import Request

_NO_CREDENTIALS = "Invalid token header. No credentials provided."
_SPACES = "Invalid token header. Token string should not contain spaces."


def principal(request: Request) -> Principal:
    """Who calls.

    Raises:
        Unauthenticated: there are no credentials, and the settings demand them.
        InvalidToken: there are, and they are not valid.
    """
    found = optional_principal(request)
    if found is None:
        raise Unauthenticated
    return found


def signed_in(request: Request) -> Principal:
    """Who calls, if they have the permission to sign in.

    Raises:
        Unauthenticated, InvalidToken: as `principal`.
        Forbidden: they have not.
    """
    caller = principal(request)
    if not caller.has(SIGNIN):
        raise Forbidden
    return caller


def api_caller(request: Request) -> Principal:
    """`signed_in`, for calls that are answered on the API's own host alone.

    Raises:
        NotFound: the request was made to another host.
        Unauthenticated, InvalidToken, Forbidden
    """
    if host_of(request) is not Host.API:
        raise NotFound
    return signed_in(request)


def optional_principal(request: Request) -> Principal | None:
    """Who calls, None without credentials. With `AUTH=open` a caller without any is the local superuser, unless it is
    a page of another site that sends its visitor's browser here.

    Raises:
        InvalidToken: there are credentials, and they are not valid.
    """
    if request.principal is not None:
        return request.principal
    token = credentials(request)
    if token is None:
        is_local = settings().auth == "open" and request.headers.get("sec-fetch-site") != "cross-site"
        found = LOCAL_SUPERUSER if is_local else None
    else:
        found = authenticate(token)
        if found is None:
            raise InvalidToken
    request.principal = found
    return found


def credentials(request: Request) -> str | None:
    """The token a request carries, None when it carries none.

    Raises:
        InvalidToken: the header that should hold it holds nothing or something else.
    """
    scheme, _, rest = request.headers.get("authorization", "").strip().partition(" ")
    rest = rest.strip()
    if scheme.lower() in ("bearer", "token", "basic"):
        if not rest:
            raise InvalidToken(_NO_CREDENTIALS)
        if " " in rest:
            raise InvalidToken(_SPACES)
        return _password(rest) if scheme.lower() == "basic" else rest
    for name in ("auth_token", "auth-token"):
        if name in request.headers:
            return str(request.headers[name]).strip()
    return None


def _password(encoded: str) -> str:
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise InvalidToken from None
    return text.partition(":")[2]
