"""Which deployment is spoken to, and with which token.

`ASSETCTL_URL` and `ASSETCTL_TOKEN` come first. Else the profile that `--profile` or `ASSETCTL_PROFILE` names, `default`
otherwise, out of `profiles.json` in the user's configuration folder. The file holds tokens: it is written for its owner
alone, and not read when others may.
"""

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from assetctl.failures import WrongUsage

LOCAL = "http://localhost:8000"


@dataclass(frozen=True, slots=True)
class Profile:
    """A deployment's URL without a slash at its end, and a token, empty for none."""

    url: str
    token: str = ""


def path() -> Path:
    """Where profiles are kept."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "assetctl" / "profiles.json"


def chosen(name: str | None, url: str | None) -> Profile:
    """The deployment to speak to: `make run`'s if nothing says another.

    Raises:
        WrongUsage: there is no such profile, it cannot be read, or the URL is none.
    """
    wanted = name or os.environ.get("ASSETCTL_PROFILE") or "default"
    known = kept()
    if wanted not in known and wanted != "default":
        raise WrongUsage(f"there is no profile {wanted}; make it with `assetctl login --profile {wanted}`")
    given = url or os.environ.get("ASSETCTL_URL")
    own = known.get(wanted, Profile(LOCAL))
    # A token is for one deployment: the profile's is not shown to another.
    token = own.token if given is None or _same(given, own.url) else ""
    return Profile(_demand_url(given or own.url), os.environ.get("ASSETCTL_TOKEN") or token)


def kept() -> dict[str, Profile]:
    """All profiles by name.

    Raises:
        WrongUsage: others may read the file, or it is broken.
    """
    file = path()
    try:
        mode = file.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise WrongUsage(f"others may read {file}, which holds tokens: chmod 600 it")
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return {name: Profile(str(one["url"]), str(one.get("token", ""))) for name, one in found.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError, KeyError, TypeError):
        raise WrongUsage(f"{file} cannot be read as profiles") from None


def keep(name: str, profile: Profile) -> Path:
    """Write a profile beside those there are, for the user alone. Returns where. Raises WrongUsage."""
    profiles = {**kept(), name: Profile(_demand_url(profile.url), profile.token)}
    text = json.dumps({key: {"url": one.url, "token": one.token} for key, one in profiles.items()}, indent=2)
    file = path()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    with open(fresh, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as written:
        os.fchmod(written.fileno(), 0o600)
        written.write(text + "\n")
    fresh.replace(file)
    return file


def _same(one: str, other: str) -> bool:
    return one.rstrip("/").lower() == other.rstrip("/").lower()


def _demand_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise WrongUsage(f"{url!r} is no URL of a deployment: it begins with http:// or https://")
    return url.rstrip("/")
