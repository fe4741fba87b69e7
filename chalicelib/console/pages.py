"""The console's one page, the files it loads, and what it may do.

Scripts and styles come from files of ours alone. Besides the API, the page may reach the bucket that uploads go to, and
show what the hosts of untrusted content hold. Of files that take a token it makes pictures, at `blob:` addresses: a
picture runs nothing.
"""

from pathlib import Path
from urllib.parse import urlsplit

from chalicelib.files import objects
from chalicelib.settings import settings
from chalicelib.web.hosts import Host, origin
from chalicelib.web.request import Request

FOLDER = Path(__file__).parent / "dist"
OF_FILES = {
    "Cache-Control": "max-age=31536000, public, immutable",
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}
"""Headers of the files that the page loads. Their names change with their content; a script that is a worker, such as
the one that reads PDFs, goes by the policy that it comes with, and may reach nothing.
"""

_SCRIPT = "text/javascript; charset=utf-8"
_TYPES = {".js": _SCRIPT, ".mjs": _SCRIPT, ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_NOT_MADE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Asset manager</title>'
    "<p>The console was not made, since the npm registry was out of reach. <code>make console</code> makes it; "
    'the APIs work without, and have <a href="/reference">a reference</a>.</p></html>'
)


def page() -> str:
    """The page, or one that says that it was not made."""
    path = FOLDER / "index.html"
    return path.read_text(encoding="utf-8") if path.exists() else _NOT_MADE


def headers(request: Request) -> dict[str, str]:
    """The headers of the page."""
    shown = " ".join({origin(host, request) for host in (Host.ASSETS, Host.DRAFT, Host.STORES)} - {""})
    bucket = urlsplit(objects.address(settings().intake_bucket, "any"))
    reached = f"{bucket.scheme}://{bucket.netloc}"
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"'self' blob: {shown}",
        "frame-src": shown or "'none'",
        "connect-src": f"'self' {reached} {shown}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-cache, private",
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }


def file(name: str) -> tuple[bytes, str] | None:
    """A file that the page loads, and its content type; None when there is none."""
    kind = _TYPES.get(Path(name).suffix)
    found = FOLDER / "files" / name
    if kind is None or "/" in name or not found.is_file():
        return None
    return found.read_bytes(), kind
