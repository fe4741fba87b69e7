"""Where files of assets and objects of projects are read: paths, and the capabilities that open restricted ones.

A path is `/stores/<store>/<project>/<asset>/<version>/<path>`, or `/stores/<store>/<project>/<object>.json`. For a
restricted project a segment `~<expiry>.<uid>.<access revision>.<signature>` comes behind `/stores/`. It is signed for
one version of one asset (or one object), so that relative links inside an unpacked site stay within it.

The key is derived from ORIGIN_SECRET. Without one no capability is made or believed.
"""

import base64
import functools
import hmac
from dataclasses import dataclass
from urllib.parse import quote

from chalicelib import clock
from chalicelib.apis.stores.models import Project
from chalicelib.settings import settings

LIFETIME = 3600
"""Seconds that a capability lasts at least."""

_STEP = 900
"""Seconds: capabilities made within one step are the same, so that a page's addresses are too."""

_PURPOSE = b"capability to read files of stores"
_SIGNATURE_BYTES = 24


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom addresses are made, and where they lead.

    Attributes:
        uid: whose capability it is.
        origin: scheme and host of the stores host.
    """

    uid: str
    origin: str


def file_path(project: Project, asset_id: str, number: int, path: str) -> str:
    """The decoded public path of a file."""
    return f"/stores/{project.store_id}/{project.project_id}/{asset_id}/{number}/{path}"


def file_url(reader: Reader, project: Project, asset_id: str, number: int, path: str) -> str:
    """Where this reader gets a file."""
    return _url(reader, project, f"{asset_id}/{number}", path)


def object_url(reader: Reader, project: Project, object_id: str) -> str:
    """Where this reader gets an object."""
    return _url(reader, project, f"{object_id}.json", "")


def opens(capability: str, project: Project, what: str) -> bool:
    """Whether a capability, as it stands in a path, opens `<asset>/<version>` or `<object>.json` of a project now."""
    parts = capability.removeprefix("~").split(".")
    if not settings().origin_secret or len(parts) != 4:
        return False
    expiry, uid, revision, signature = parts
    signed = _signature(project, what, f"{expiry}.{uid}.{revision}")
    if not hmac.compare_digest(signed.encode(), signature.encode(errors="replace")):
        return False
    return int(expiry) > clock.epoch() and int(revision) == project.access_revision


def _url(reader: Reader, project: Project, what: str, path: str) -> str:
    words = [project.store_id, project.project_id, *what.split("/"), *(path.split("/") if path else [])]
    if not project.is_public:
        words.insert(0, _capability(reader, project, what))
    return f"{reader.origin}/stores/" + "/".join(quote(word, safe="~") for word in words)


def _capability(reader: Reader, project: Project, what: str) -> str:
    expiry = (clock.epoch() + LIFETIME) // _STEP * _STEP + _STEP
    claims = f"{expiry}.{reader.uid}.{int(project.access_revision)}"
    return f"~{claims}.{_signature(project, what, claims)}"


def _signature(project: Project, what: str, claims: str) -> str:
    text = f"{claims} {project.store_id}/{project.project_id}/{what}"
    signing = _begun(settings().origin_secret).copy()
    signing.update(text.encode(errors="replace"))
    return base64.urlsafe_b64encode(signing.digest()[:_SIGNATURE_BYTES]).decode()


@functools.lru_cache(maxsize=1)
def _begun(secret: str) -> hmac.HMAC:
    """A signature that has its key and nothing to sign yet: OpenSSL looks up the algorithm anew for each key."""
    return hmac.new(hmac.digest(secret.encode(), _PURPOSE, "sha256"), digestmod="sha256")
