"""Nothing answers a stranger by default, and nothing secret is logged (invariant 9)."""

import base64
import hmac
import io
import json
import re

import jwt
import pytest

from app import app
from chalicelib import identity
from chalicelib.logs import logger
from chalicelib.settings import BadSetting, read
from tests.support.client import Client, deliver
from tests.support.cloud import Cloud

ASSET = "0123456789abcdef01234567"
OPEN_ROUTES = {
    "/api/auth",
    "/api/ping",
    "/media/{id}/{filename+}",
    "/government/uploads/{path+}",
    "/stores/{path+}",
    "/government/placeholder",
    "/asset-manager/{name}",
    "/healthcheck/live",
    "/healthcheck/ready",
    "/reference",
    "/reference/{name}",
    "/console",
    "/console/{path+}",
    "/",
    "/{proxy+}",
}


def _closed() -> list[tuple[str, str]]:
    found = [(pattern, method) for pattern, methods in app.routes.items() for method in methods]
    return sorted((pattern, method) for pattern, method in found if pattern not in OPEN_ROUTES)


@pytest.mark.parametrize(("pattern", "method"), _closed())
def test_every_other_route_demands_a_token(cloud: Cloud, pattern: str, method: str) -> None:
    path = re.sub(r"\{[^}]*\}", ASSET, pattern)
    without = Client(app).request(method, path)
    assert without.status == 401
    assert "www-authenticate" in without.headers or "x-amzn-remapped-www-authenticate" in without.headers
    wrong = Client(app, {"Authorization": "Bearer am_0123456789abcdef_" + "x" * 43}).request(method, path)
    assert wrong.status == 401
    assert wrong.body == b"" if method == "HEAD" else _is_an_error(wrong.json())


def _is_an_error(body: object) -> bool:
    """Whether a body has the shape of any of our APIs' errors."""
    shapes = ({"message"}, {"title", "description"}, {"errors"})
    return isinstance(body, str) or (isinstance(body, dict) and set(body) in shapes)


@pytest.mark.parametrize("host", ["http://api.test", "http://draft-assets.test", "http://unheard.test"])
def test_media_of_the_inner_hosts_demands_a_token(cloud: Cloud, host: str) -> None:
    assert Client(app).get(f"{host}/media/{ASSET}/a.txt").status == 401


def test_open_access_refuses_to_start_inside_lambda(cloud: Cloud) -> None:
    with pytest.raises(BadSetting):
        read({**cloud.environment, "AUTH": "open", "AWS_LAMBDA_FUNCTION_NAME": "api_handler"})


def test_authentication_is_required_unless_said_otherwise(cloud: Cloud) -> None:
    environment = {name: value for name, value in cloud.environment.items() if name != "AUTH"}
    assert read(environment).auth == "required"


@pytest.mark.parametrize("secret", ["", "another-secret-that-is-long-enough-000"])
def test_a_bypass_token_is_worth_nothing_without_its_secret(cloud: Cloud, secret: str) -> None:
    cloud.set(AUTH_BYPASS_SECRET=secret)
    token, _ = identity.mint("owner")
    owner = Client(app, {"Authorization": f"Bearer {token}"})
    form = {"asset[draft]": "true", "asset[auth_bypass_ids][]": "abc"}
    asset = owner.post("/assets", files={"asset[file]": ("a.txt", b"draft")}, form=form).json()["id"][-24:]
    deliver(app)
    forged = jwt.encode({"sub": "abc"}, "a-secret-that-nobody-configured-0123456", "HS256")
    unsigned = jwt.encode({"sub": "abc"}, "", "none")
    for bypass in (forged, unsigned, _signed_with_nothing({"sub": "abc"}), "", "garbage"):
        reply = Client(app).get(f"http://draft-assets.test/media/{asset}/a.txt?token={bypass}")
        assert reply.status == 401


def _signed_with_nothing(claims: dict[str, str]) -> str:
    """A JWT whose HS256 signature was made with the empty key; no library makes one."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256"}, claims)]
    signature = hmac.new(b"", b".".join(parts), "sha256").digest()
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def test_tokens_queries_and_contents_are_never_logged(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", log)
    cloud.set(AUTH_BYPASS_SECRET="bypass-secret-of-the-tests-0123456789")
    token, _ = identity.mint("owner")
    owner = Client(app, {"Authorization": f"Bearer {token}"})
    asset = owner.post("/assets", files={"asset[file]": ("a.txt", b"the content itself")}).json()["id"][-24:]
    deliver(app)
    bypass = jwt.encode({"sub": "abc"}, "bypass-secret-of-the-tests-0123456789", "HS256")
    Client(app).get(f"http://draft-assets.test/media/{asset}/a.txt?token={bypass}&other=secret-query")
    Client(app, {"Cookie": f"auth_bypass_token={bypass}"}).get(f"http://draft-assets.test/media/{asset}/a.txt")
    Client(app, {"Authorization": "Bearer am_0123456789abcdef_wrong-token-here"}).get(f"/assets/{asset}")
    logged = log.getvalue()
    assert asset in logged
    for secret in (token, bypass, "secret-query", "wrong-token-here", "the content itself"):
        assert secret not in logged
