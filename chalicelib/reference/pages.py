"""What `/reference` serves: a page for each API, its document, and the files that the pages load, all from here."""

import re
from html import escape
from pathlib import Path

from chalicelib.reference.documents import APIS, words_of

FOLDER = Path(__file__).parent
INTERFACE = ("swagger-ui-bundle.js", "swagger-ui.css")
"""Files of Swagger UI, put into `ui` by `make run` and `make package`; what is missing is not served."""

_OWN = ("page.css", "page.js")
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


def index() -> str:
    """The page that lists the documents."""
    items = "".join(
        f'<li><a href="reference/{api}">{escape(words_of(api).title)}</a>: {_marked(words_of(api).description)} '
        f'(<a href="reference/{api}.json">OpenAPI document</a>)</li>'
        for api in APIS
    )
    return _page("API reference", "reference/", f'<main class="list"><h1>API reference</h1><ul>{items}</ul></main>')


def page(api: str) -> str:
    """The interactive page of an API."""
    title = escape(words_of(api).title)
    links = "".join(
        f'<a href="{other}"{" aria-current=page" if other == api else ""}>{escape(words_of(other).title)}</a>'
        for other in APIS
    )
    here = f'<a href="{api}.json">OpenAPI document</a>'
    menu = f'<nav aria-label="APIs"><strong>API reference</strong>{links}{here}</nav>'
    if file(INTERFACE[0]) is None:
        told = "<p>The interactive page was not installed; any OpenAPI tool can show the document.</p>"
        return _page(title, "", f'{menu}<main class="list"><h1>{title}</h1>{told}</main>')
    loaded = '<link rel="stylesheet" href="swagger-ui.css">'
    scripts = '<script src="swagger-ui-bundle.js" defer></script><script src="page.js" defer></script>'
    return _page(title, "", f'{menu}<main id="reference" data-document="{api}.json"></main>', loaded + scripts)


def file(name: str) -> tuple[bytes, str] | None:
    """A file that the pages load, and its content type; None when there is none of this name."""
    if name not in (*INTERFACE, *_OWN):
        return None
    path = FOLDER / ("static" if name in _OWN else "ui") / name
    return (path.read_bytes(), _TYPES[path.suffix]) if path.exists() else None


def _marked(text: str) -> str:
    """The little Markdown of a description."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _page(title: str, base: str, body: str, head: str = "") -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} - asset manager</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{head}'
        f'<link rel="stylesheet" href="{base}page.css"></head><body>{body}</body></html>'
    )
