"""Every environment variable the product reads: name, type, meaning, default. Read once, at first use.

`docs/settings.md` lists the same; a test holds the two together.
"""

import functools
import os
import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, Literal, get_args, get_origin

MEBIBYTE = 1024 * 1024

_LAMBDA = "AWS_LAMBDA_FUNCTION_NAME"
_ORIGIN = re.compile(r"https?://[^/?#\s@]+/?")
_MAY_BE_ZERO = ("DELETED_DAYS", "REPLACED_DAYS", "ARCHIVE_MAX_DEPTH")


class BadSetting(Exception):
    """An environment variable is missing or holds something it must not."""


def _env(name: str, meaning: str, default: Any = MISSING) -> Any:
    return field(default=default, metadata={"name": name, "meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process. Sizes are bytes, durations seconds unless the name says otherwise."""

    stage: str = _env("STAGE", "Name of the deployment; part of every resource name.", "local")
    auth: Literal["required", "open"] = _env(
        "AUTH",
        "`required`: callers need a token. `open`: a caller without one is the local superuser; refused inside Lambda.",
        "required",
    )

    files_table: str = _env("FILES_TABLE", "DynamoDB table of Files, references and publications.")
    jobs_table: str = _env("JOBS_TABLE", "DynamoDB table of jobs.")
    assets_table: str = _env("ASSETS_TABLE", "DynamoDB table of the GOV.UK API: assets, their histories, public paths.")
    stores_table: str = _env(
        "STORES_TABLE", "DynamoDB table of the OVE API: stores, projects, assets, their files, objects."
    )
    productions_table: str = _env(
        "PRODUCTIONS_TABLE", "DynamoDB table of the medialoopster API: productions, devices, project and media assets."
    )
    workspaces_table: str = _env(
        "WORKSPACES_TABLE", "DynamoDB table of the Bilrost API: workspaces, their assets, resources, favourites."
    )
    identities_table: str = _env("IDENTITIES_TABLE", "DynamoDB table of principals and API tokens.")

    intake_bucket: str = _env(
        "INTAKE_BUCKET", "Versioned bucket where every byte arrives; only the scan function reads it."
    )
    library_bucket: str = _env("LIBRARY_BUCKET", "Private bucket of clean bytes, one immutable key a File.")
    media_bucket: str = _env("MEDIA_BUCKET", "Published copies keyed by public URL path; CloudFront's origin.")
    device_buckets: str = _env(
        "DEVICE_BUCKETS", "Buckets, separated by commas, that devices may name for the bytes of copies to them.", ""
    )

    scan_small_queue: str = _env("SCAN_SMALL_QUEUE", "URL of the queue of intake events below `small/`.")
    scan_large_queue: str = _env("SCAN_LARGE_QUEUE", "URL of the queue of intake events below `large/`.")
    work_queue: str = _env("WORK_QUEUE", "URL of the queue of all other asynchronous work.")
    process_queue: str = _env("PROCESS_QUEUE", "URL of the queue of what the product's own workers have to do.")

    edge: Literal["cloudfront", ""] = _env(
        "EDGE", "What caches published files in front of the product: `cloudfront`, or nothing.", ""
    )
    edge_queue: str = _env("EDGE_QUEUE", "URL of the queue of public paths that the edge's cache is to forget.")
    edge_distribution: str = _env(
        "EDGE_DISTRIBUTION", "Id of the distribution for published files; known to the function that tells it.", ""
    )

    edge_key_id: str = _env(
        "EDGE_KEY_ID",
        "Id of the key by which the edge knows addresses that we signed. Empty: large restricted files go by S3's.",
        "",
    )
    edge_private_key: str = _env(
        "EDGE_PRIVATE_KEY", "Private key to `EDGE_KEY_ID`, ECDSA P-256 in PEM; known to the API function alone.", ""
    )

    api_origin: str = _env("API_ORIGIN", "Scheme and host of the API, as clients see it.", "")
    assets_origin: str = _env("ASSETS_ORIGIN", "Scheme and host of the public assets host.", "")
    draft_assets_origin: str = _env("DRAFT_ASSETS_ORIGIN", "Scheme and host of the draft assets host.", "")
    stores_origin: str = _env("STORES_ORIGIN", "Scheme and host that serves what stores hold.", "")
    origin_secret: str = _env(
        "ORIGIN_SECRET",
        "Secret that our distributions add as X-Origin-Secret; only beside it X-Forwarded-Host counts. Empty: never.",
        "",
    )

    scanner: Literal["yara", "clamd", "guardduty", ""] = _env(
        "SCANNER", "Which scanner judges bytes: `yara`, `clamd` or `guardduty`. A stage must name one.", ""
    )
    yara_rules: str = _env(
        "YARA_RULES",
        "Path of a YARA rules file. Empty: the shipped self-test rules, allowed on the local stage only.",
        "",
    )
    clamd_address: str = _env("CLAMD_ADDRESS", "Where clamd listens: `unix:/path` or `tcp://host:port`.", "")
    scan_max_bytes: int = _env("SCAN_MAX_BYTES", "Files larger than this end unscannable.", 5 * 1024**4)
    archive_max_depth: int = _env("ARCHIVE_MAX_DEPTH", "How deep archives inside archives are opened.", 3)
    archive_max_entries: int = _env(
        "ARCHIVE_MAX_ENTRIES", "Entries in all archives of one file; more is unscannable.", 10_000
    )
    archive_max_ratio: int = _env(
        "ARCHIVE_MAX_RATIO", "Unpacked over packed bytes of one entry; more is unscannable.", 200
    )
    archive_max_bytes: int = _env(
        "ARCHIVE_MAX_BYTES", "Unpacked bytes of all archives of one file; more is unscannable.", 1024**3
    )
    scan_attempts: int = _env("SCAN_ATTEMPTS", "Scans of one file that may crash before it ends unscannable.", 5)

    upload_origins: str = _env(
        "UPLOAD_ORIGINS",
        "Origins whose pages may upload, separated by commas. `*`: any, allowed on the local stage only.",
        "",
    )
    upload_minutes: int = _env("UPLOAD_MINUTES", "Minutes for which S3 takes bytes by a form or URL of ours.", 30)
    upload_undeclared_bytes: int = _env(
        "UPLOAD_UNDECLARED_BYTES",
        "What an upload of undeclared size counts for; a single one may not be larger.",
        128 * MEBIBYTE,
    )
    upload_quota_bytes: int = _env(
        "UPLOAD_QUOTA_BYTES", "Bytes that one principal may have in uploads not yet used.", 1024**4
    )
    upload_quota_open: int = _env("UPLOAD_QUOTA_OPEN", "Uploads that one principal may have begun and not used.", 1000)

    auth_bypass_secret: str = _env(
        "AUTH_BYPASS_SECRET",
        "HS256 secret of GOV.UK auth-bypass tokens. Empty: no bypass token is valid.",
        "",
    )
    max_file_size_mb: int = _env(
        "MAX_FILE_SIZE_MB", "Largest request body of the assets API in MiB; 4 is the most it can have.", 20
    )
    deleted_days: int | None = _env("DELETED_DAYS", "Days until a deleted asset loses its file. Unset: never.", None)
    replaced_days: int = _env("REPLACED_DAYS", "Days a replaced file is kept after its replacement is clean.", 7)


def demand_in_lambda() -> None:
    """Inside Lambda, read the settings now: a missing or wrong one ends the function's start, and its log says which.

    Elsewhere the app is imported by tools that need no settings.

    Raises:
        BadSetting
    """
    if _LAMBDA in os.environ:
        settings()


def describe() -> list[tuple[str, str, object, str]]:
    """Every setting as (environment name, type, default or `...` when required, meaning), in order of declaration."""
    return [
        (
            item.metadata["name"],
            _type_name(item.type),
            ... if item.default is MISSING else item.default,
            item.metadata["meaning"],
        )
        for item in fields(Settings)
    ]


def read(environ: Mapping[str, str]) -> Settings:
    """Settings from environment variables.

    Raises:
        BadSetting: a required variable is missing, or a value does not fit its type.
    """
    values = {item.name: _value(item, environ) for item in fields(Settings)}
    result = Settings(**values)
    if result.auth == "open" and _LAMBDA in environ:
        raise BadSetting("AUTH=open is for a laptop and refuses to start inside Lambda")
    if "*" in result.upload_origins and (result.stage != "local" or _LAMBDA in environ):
        raise BadSetting("UPLOAD_ORIGINS must name its origins on a stage")
    if result.edge_key_id and not result.edge_private_key:
        raise BadSetting("EDGE_KEY_ID needs EDGE_PRIVATE_KEY")
    return result


@functools.cache
def settings() -> Settings:
    """The settings of this process, read from its environment once."""
    return read(os.environ)


def _value(item: Field[Any], environ: Mapping[str, str]) -> Any:
    name = item.metadata["name"]
    text = environ.get(name, "")
    if not text:
        if item.default is MISSING:
            raise BadSetting(f"{name} is not set: {item.metadata['meaning']}")
        return item.default
    if get_origin(item.type) is Literal:
        if text not in get_args(item.type):
            raise BadSetting(f"{name} must be one of {', '.join(filter(None, get_args(item.type)))}")
        return text
    if item.type is str:
        if name.endswith("_ORIGIN") and not _ORIGIN.fullmatch(text):
            raise BadSetting(f"{name} must be a scheme and a host, such as https://assets.example.org")
        return text
    least = 0 if name in _MAY_BE_ZERO else 1
    if not (text.isascii() and text.isdigit() and int(text) >= least):
        raise BadSetting(f"{name} must be a whole number, at least {least}")
    return int(text)


def _type_name(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(filter(None, get_args(kind)))
    return "text" if kind is str else "whole number"
