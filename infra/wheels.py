"""Zips of what Lambda unpacks: the functions' code with its dependencies, and the layers.

Wheels are chosen for the Python and the processor that are deployed, whatever this machine has. None is made here but
those of pure Python that are published as source alone. The same input gives the same bytes, so that a deployment
replaces only what has changed.
"""

import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_MOMENT = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16

# Amazon Linux 2023, on which Lambda's Python 3.12 and newer run, has glibc 2.34.
_GLIBC = ("manylinux_2_34", "manylinux_2_28", "manylinux2014")
_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}

# Published as source alone. Without a libvips in sight it is pure Python, and takes the one of pyvips-binary.
_PURE_SOURCES = ("pyvips",)

# Of botocore's descriptions of some 400 services, those that the functions talk to.
_SERVICES = frozenset({"cloudfront", "dynamodb", "s3", "sqs", "sts"})

# Never imported: pip's bookkeeping, commands, types for editors, and what boto3 has for a style we do not use.
_UNUSED = re.compile(
    r"(^|/)(__pycache__|bin)/|\.pyi$|\.dist-info/(RECORD|INSTALLER|REQUESTED)$|^boto3/(data|examples)/"
)
_SERVICE = re.compile(r"^botocore/data/([^/]+)/")


class NoWheels(Exception):
    """The package index has no wheels for the Python or processor that are deployed."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is deployed to.

    Attributes:
        runtime: Lambda's name of the Python, such as `python3.13`.
        architecture: `arm64` or `x86_64`.
    """

    runtime: str
    architecture: str


def install(requirements: Path, folder: Path, target: Target, *, without: Iterable[str] = ()) -> None:
    """Unpack what a requirements file asks for into a folder.

    Args:
        requirements: the file.
        target: what the wheels must run on.
        without: names in the file that are left out.

    Raises:
        NoWheels
    """
    lines = requirements.read_text(encoding="utf-8").splitlines()
    left_out = re.compile(rf"({'|'.join(without)})\b", re.IGNORECASE) if without else None
    wanted = [line for line in lines if line.strip() and not line.startswith("#")]
    wanted = [line for line in wanted if not (left_out and left_out.match(line))]
    if not wanted:
        return
    platforms = [f"--platform={glibc}_{_MACHINES[target.architecture]}" for glibc in _GLIBC]
    with tempfile.TemporaryDirectory() as made, tempfile.NamedTemporaryFile("w", suffix=".txt") as chosen:
        _make_pure([line for line in wanted if re.split(r"[^\w.-]", line)[0] in _PURE_SOURCES], Path(made))
        chosen.write("\n".join(wanted))
        chosen.flush()
        command = [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"),
            *(
                "--only-binary=:all:",
                "--implementation=cp",
                f"--python-version={target.runtime.removeprefix('python')}",
            ),
            *platforms,
            f"--find-links={made}",
            *("--target", str(folder), "--requirement", chosen.name),
        ]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoWheels(f"{requirements.name}: {done.stderr}")


def _make_pure(requirements: list[str], folder: Path) -> None:
    """Make the wheels of pure Python that nobody publishes.

    Raises:
        NoWheels: one cannot be made, or would run on this machine alone.
    """
    if not requirements:
        return
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += [f"--no-binary={','.join(_PURE_SOURCES)}", f"--wheel-dir={folder}", *requirements]
    environment = {**os.environ, "PKG_CONFIG_LIBDIR": "", "PKG_CONFIG_PATH": ""}
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NoWheels(f"{requirements}: {done.stderr}")
    if bound := [wheel.name for wheel in folder.glob("*.whl") if not wheel.name.endswith("-none-any.whl")]:
        raise NoWheels(f"{bound} would run on this machine alone")


def pack(archive: Path, *folders: tuple[Path, str]) -> int:
    """Write a zip of folders, each below a prefix inside it; of two files of one name the first counts.

    Returns:
        Its unpacked size in bytes.
    """
    found: dict[str, Path] = {}
    for folder, prefix in folders:
        for path in _files(folder):
            name = PurePosixPath(prefix, path.relative_to(folder).as_posix()).as_posix()
            found.setdefault(name, path)
    size = 0
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as zipped:
        for name, path in sorted(found.items()):
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, _MODE
            content = path.read_bytes()
            size += len(content)
            zipped.writestr(entry, content)
    return size


def _files(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            inside = path.relative_to(folder).as_posix()
            service = _SERVICE.match(inside)
            if not _UNUSED.search(inside) and (service is None or service[1] in _SERVICES):
                yield path
