"""The package that is deployed: Chalice's, with the infra template laid over it, and checked to be sound.

    python -m infra.package FOLDER [STAGE]

writes `sam.yaml` and `deployment.zip` to the folder, or says what is wrong and exits with 1.
"""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from chalice.cli.factory import CLIFactory
from chalice.deploy.validate import (
    validate_configuration,
    validate_endpoint_type,
    validate_feature_flags,
    validate_lambda_architecture,
    validate_resource_policy,
)

from infra.template import document

PROJECT = Path(__file__).parents[1]

_ZIP_LIMIT = 250 * 1024 * 1024  # unpacked bytes that Lambda takes, layers included


class Unsound(Exception):
    """The package would fail, or would not be what is meant."""


def package(folder: Path, *, stage: str = "dev", project: Path = PROJECT) -> Path:
    """Make the package and check it.

    Args:
        folder: where to write it.
        stage: a stage of `.chalice/config.json`.
        project: folder of app.py.

    Returns:
        The path of the merged template.

    Raises:
        Unsound: it cannot be made, or a check failed.
    """
    commands = Path(sys.executable).parent
    _run([sys.executable, "-m", "infra.package", "--validate", str(project), stage])  # `app` is imported once a process
    folder.mkdir(parents=True, exist_ok=True)
    laid_over = folder / "laid-over.json"  # Chalice takes one file
    laid_over.write_text(json.dumps(document()), encoding="utf-8")
    make = [
        str(commands / "chalice"),
        *("--project-dir", str(project), "package", "--stage", stage),
        *("--merge-template", str(laid_over), "--template-format", "yaml", str(folder)),
    ]
    _run(make)
    laid_over.unlink()
    template = folder / "sam.yaml"
    _run([str(commands / "cfn-lint"), str(template)])
    _look_inside(folder / "deployment.zip")
    return template


def _validate(project: str, stage: str) -> None:
    """What Chalice itself checks only when it deploys."""
    config = CLIFactory(project, environ=os.environ).create_config_obj(stage)
    try:
        validate_configuration(config)
        validate_resource_policy(config)
        validate_endpoint_type(config)
        validate_lambda_architecture(config)
        validate_feature_flags(config.chalice_app)
    except ValueError as error:
        raise Unsound(str(error)) from error


def _run(command: Sequence[str]) -> None:
    # A region is needed to make a package, credentials are not.
    environment = {"AWS_DEFAULT_REGION": "eu-west-2"} | dict(os.environ)
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unsound(f"{Path(command[0]).name} failed:\n{done.stdout}{done.stderr}")


def _look_inside(archive: Path) -> None:
    with zipfile.ZipFile(archive) as zipped:
        entries = zipped.infolist()
    tops = {entry.filename.split("/")[0] for entry in entries}
    if strays := tops & {"tests", "infra", "bench", ".state"}:
        raise Unsound(f"the package holds {', '.join(sorted(strays))}")
    if missing := {"app.py", "chalicelib"} - tops:
        raise Unsound(f"the package lacks {', '.join(sorted(missing))}")
    if (size := sum(entry.file_size for entry in entries)) > _ZIP_LIMIT:
        raise Unsound(f"the package unpacks to {size} bytes, more than Lambda takes")


def main(arguments: Sequence[str]) -> int:
    """The command. Returns the exit code."""
    try:
        if arguments[0] == "--validate":
            _validate(*arguments[1:])
            return 0
        folder, *stage = arguments
        template = package(Path(folder), stage=stage[0] if stage else "dev")
    except Unsound as error:
        print(error, file=sys.stderr)
        return 1
    print(f"the package is sound: {template}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
