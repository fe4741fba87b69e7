"""The content type of a file by its name: what the core knows, and what sites and pyramids hold besides."""

from chalicelib.files import names

_MORE = {
    "avif": "image/avif",
    "csv": "text/csv; charset=utf-8",
    "dzi": "application/xml",
    "geojson": "application/geo+json",
    "htm": "text/html; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "ico": "image/x-icon",
    "map": "application/json",
    "mjs": "text/javascript; charset=utf-8",
    "mov": "video/quicktime",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "wasm": "application/wasm",
    "wav": "audio/wav",
    "webp": "image/webp",
}


def served_as(path: str) -> str:
    """The Content-Type with which a file of this path is served."""
    extension = path.rpartition("/")[2].rpartition(".")[2].lower()
    return _MORE.get(extension) or names.served_as(names.content_type_of(path))
