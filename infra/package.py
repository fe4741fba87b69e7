"""The package that is deployed: Chalice's, with the infra template laid over it, and checked to be sound.

    python -m infra.package FOLDER STAGE [--architecture x86_64] [--rules FILE]

writes `sam.yaml`, `deployment.zip` and a zip for each layer to the folder, or says what is wrong and exits with 1.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from chalice.cli.factory import CLIFactory
from chalice.deploy.validate import (
    validate_configuration,
    validate_endpoint_type,
    validate_feature_flags,
    validate_lambda_architecture,
    validate_resource_policy,
)

from infra import wheels
from infra.template import document
from infra.wheels import Target

PROJECT = Path(__file__).parents[1]

RUNTIME = "python3.13"
"""The Python that is deployed. The scan layer's wheels need Amazon Linux 2023, which 3.11 and older do not run on."""

LAYERS = {
    "ScanLayer": "requirements-scan.txt",
    "WorkersLayer": "requirements-workers.txt",
    "SigningLayer": "requirements-signing.txt",
}
"""The layers, by their logical names, and what is in them."""

MEBIBYTE = 1024 * 1024
_UNPACKED_LIMIT = 250 * MEBIBYTE  # what Lambda takes of a function with its layers
_TEMPLATE_LIMIT = 1_000_000  # bytes that CloudFormation takes from S3
_RESOURCES_LIMIT = 500

# The API's own zip holds this much packed; what makes it larger belongs into a layer.
API_LIMIT = 6 * MEBIBYTE


class Unsound(Exception):
    """The package would fail, or would not be what is meant."""


@dataclass(frozen=True, slots=True)
class Package:
    """What was made.

    Attributes:
        template: path of the merged template.
        packed, unpacked: bytes of each zip, by its file name; empty without wheels.
        imported: whether the zip was imported by the Python that is deployed; not where this machine has none.
    """

    template: Path
    packed: Mapping[str, int]
    unpacked: Mapping[str, int]
    imported: bool = False


def package(
    folder: Path,
    stage: str,
    *,
    project: Path = PROJECT,
    architecture: str = "arm64",
    rules: Path | None = None,
    dependencies: bool = True,
    runtime: str = RUNTIME,
) -> Package:
    """Make the package and check it.

    Args:
        folder: where to write it.
        stage: name of the deployment.
        project: folder of app.py.
        architecture: processor that the functions run on, `arm64` or `x86_64`.
        rules: YARA rules to put into the scan layer, where the parameter YaraRules names them `/opt/rules/<name>`.
        runtime: Lambda's name of the Python that is deployed.
        dependencies: whether to fetch wheels; without them nothing can run, but the template is the same.

    Raises:
        Unsound: it cannot be made, or a check failed.
    """
    target, folder = Target(runtime, architecture), folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        copy = _copied(project, Path(scratch, "project"), stage, architecture)
        # In a process of its own, since `app` is imported once a process.
        _run([sys.executable, "-m", "infra.package", "--validate", str(copy), stage])
        template = _merged(copy, folder, stage, target)
        if not dependencies:
            return Package(template, {}, {})
        unpacked = _zips(project, copy, folder, target, rules, Path(scratch))
    packed = {name: (folder / name).stat().st_size for name in unpacked}
    _look_inside(folder / "deployment.zip")
    imported = _import_as_deployed(folder / "deployment.zip", runtime)
    _within_limits(template, packed, unpacked)
    return Package(template, packed, unpacked, imported)


def _copied(project: Path, copy: Path, stage: str, architecture: str) -> Path:
    """What Chalice is to see: the code, the policies, and a configuration for this stage; no requirements."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(project / "chalicelib", copy / "chalicelib", ignore=ignored)
    shutil.copy(project / "app.py", copy / "app.py")
    (copy / ".chalice").mkdir()
    for policy in (project / ".chalice").glob("policy-*.json"):
        shutil.copy(policy, copy / ".chalice")
    config = json.loads((project / ".chalice" / "config.json").read_text(encoding="utf-8"))
    config |= {"lambda_architecture": architecture, "stages": {stage: {"api_gateway_stage": stage}}}
    (copy / ".chalice" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (copy / "requirements.txt").write_text("")
    return copy


def _merged(copy: Path, folder: Path, stage: str, target: Target) -> Path:
    """Chalice's template with ours laid over it, linted."""
    laid_over = copy / "laid-over.json"  # Chalice takes one file
    laid_over.write_text(json.dumps(document()), encoding="utf-8")
    make = [
        str(_command("chalice")),
        *("--project-dir", str(copy), "package", "--stage", stage),
        *("--merge-template", str(laid_over), "--template-format", "json", str(folder)),
    ]
    _run(make)
    made = folder / "sam.json"
    merged = json.loads(made.read_text(encoding="utf-8"))
    for resource in merged["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # Chalice takes the Python that runs it.
            resource["Properties"]["Runtime"] = target.runtime
        elif resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"] |= {
                "CompatibleArchitectures": [target.architecture],
                "CompatibleRuntimes": [target.runtime],
            }
    made.unlink()
    template = folder / "sam.yaml"
    template.write_text(yaml.dump(merged, Dumper=_Plain, width=200), encoding="utf-8")
    _run([str(_command("cfn-lint")), str(template)])
    return template


class _Plain(yaml.SafeDumper):
    """Writes everything out: an anchor would only be one more thing for tools to get wrong."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _zips(project: Path, copy: Path, folder: Path, target: Target, rules: Path | None, scratch: Path) -> dict[str, int]:
    """Write the zips; their unpacked sizes in bytes by name."""
    archive = folder / "deployment.zip"
    own, fetched = scratch / "own", scratch / "fetched"
    with zipfile.ZipFile(archive) as made:
        made.extractall(own)  # Chalice's own file: the project, and the module of Chalice that answers
    sizes = {}
    try:
        wheels.install(project / "requirements.txt", fetched, target, without=["chalice"])
        sizes["deployment.zip"] = wheels.pack(archive, (own, ""), (fetched, ""))
        for name, requirements in LAYERS.items():
            content = scratch / name
            content.mkdir()
            wheels.install(project / requirements, content, target)
            folders = [(content, "python")]
            if name == "ScanLayer" and rules is not None:
                (scratch / "rules").mkdir()
                shutil.copy(rules, scratch / "rules")
                folders.append((scratch / "rules", "rules"))
            (content / f"{name}.txt").write_text((project / requirements).read_text(encoding="utf-8"))
            sizes[f"{name}.zip"] = wheels.pack(folder / f"{name}.zip", *folders)
    except wheels.NoWheels as error:
        raise Unsound(str(error)) from error
    return sizes


def _within_limits(template: Path, packed: Mapping[str, int], unpacked: Mapping[str, int]) -> None:
    text = template.read_text(encoding="utf-8")
    resources = yaml.safe_load(text)["Resources"]
    if len(text.encode()) > _TEMPLATE_LIMIT or len(resources) > _RESOURCES_LIMIT:
        raise Unsound(f"{template.name} has {len(text.encode())} bytes and {len(resources)} resources: too many")
    for name, resource in resources.items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        layers = [f"{layer['Ref']}.zip" for layer in resource["Properties"].get("Layers", [])]
        size = sum(unpacked[part] for part in ["deployment.zip", *layers])
        if size > _UNPACKED_LIMIT:
            raise Unsound(f"{name} unpacks to {size} bytes with its layers, more than Lambda takes")
    if packed["deployment.zip"] > API_LIMIT:
        raise Unsound(f"deployment.zip has {packed['deployment.zip']} bytes: what is heavy belongs into a layer")


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


def _import_as_deployed(archive: Path, runtime: str) -> bool:
    """Import everything that functions do, from the zip alone, with the Python of the runtime. False without one."""
    homes = sorted(Path.home().glob(f".pyenv/versions/{runtime.removeprefix('python')}.*/bin/python"))
    there = [path for path in (shutil.which(runtime), *map(str, homes)) if path and _is_runtime(path, runtime)]
    if not there:
        return False
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(folder)
        statement = f"import sys; sys.path.insert(0, {folder!r}); import app, chalicelib.consumers"
        _run([there[0], "-I", "-c", statement])
    return True


def _is_runtime(python: str, runtime: str) -> bool:
    command = [python, "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() == runtime


def _command(name: str) -> Path:
    return Path(sys.executable).parent / name


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
        tops = {entry.split("/")[0] for entry in zipped.namelist()}
    if strays := tops & {"tests", "infra", "bench", ".state", "pip", "setuptools"}:
        raise Unsound(f"the package holds {', '.join(sorted(strays))}")
    if missing := {"app.py", "chalicelib", "chalice", "botocore"} - tops:
        raise Unsound(f"the package lacks {', '.join(sorted(missing))}")


def main(arguments: Sequence[str]) -> int:
    """The command. Returns the exit code."""
    try:
        if arguments[0] == "--validate":
            _validate(*arguments[1:])
            return 0
        parser = argparse.ArgumentParser(prog="make package")
        parser.add_argument("folder", type=Path)
        parser.add_argument("stage")
        parser.add_argument("--architecture", choices=["arm64", "x86_64"], default="arm64")
        parser.add_argument("--rules", type=Path)
        chosen = parser.parse_args(arguments)
        made = package(chosen.folder, chosen.stage, architecture=chosen.architecture, rules=chosen.rules)
    except Unsound as error:
        print(error, file=sys.stderr)
        return 1
    print(f"the package is sound: {made.template}")
    for name, size in made.packed.items():
        print(f"  {name}: {size / MEBIBYTE:.1f} MiB packed, {made.unpacked[name] / MEBIBYTE:.1f} unpacked")
    tried = "" if made.imported else "not "
    print(f"  deployment.zip was {tried}imported by {RUNTIME}{'' if made.imported else ', which is not here'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
