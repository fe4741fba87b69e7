"""Every command in the documentation works: it is typed here, or stands below with the reason why it is not.

What is not typed is looked at as far as that goes: targets of make and their variables, commands and options of
`assetctl`, modules.
"""

import importlib.util
import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from assetctl.main import app
from chalicelib.settings import describe
from tests.docs.reading import BY_NAME, ROOT, SHELL
from tests.docs.shell import Reader, run
from tests.support.product import Product

SERVES = (
    "it serves until it is stopped; tests/local/test_run.py starts what it starts, and so does the cloud of these tests"
)
NEEDS_AWS = "it needs an account at AWS"

DEPLOY = 'make deploy STAGE=dev PARAMETERS="Scanner=guardduty AlarmEmail=ops@example.org"'

NOT_TYPED = {
    "make run": SERVES,
    "make run AUTH=required MAX_FILE_SIZE_MB=100": SERVES,
    "make run SCANNER=clamd CLAMD_ADDRESS=unix:/run/clamav/clamd.ctl": f"{SERVES}; and it needs a clamd",
    "make demo": "tests/browser/test_demo.py does what it does, and looks at what came of it",
    "make test": "these are the tests",
    'make test TESTS="tests/console tests/docs/test_links.py"': "the same",
    "make lint": "it takes minutes, and `.ci/run` begins with it",
    "make test-memory": "it takes minutes",
    DEPLOY: NEEDS_AWS,
    "aws sqs start-message-move-task "
    "--source-arn arn:aws:sqs:<region>:<account>:assetmanager-<stage>-scan-small-dead": NEEDS_AWS,
}
"""Commands in blocks that nobody types here."""

NOT_TYPED_IN_SENTENCES = {
    "aws dynamodb restore-table-to-point-in-time --source-table-name assetmanager-<stage>-assets "
    "--target-table-name restored --restore-date-time ...": NEEDS_AWS,
    'curl -s -X DELETE "$upload?key=$key"': "the upload is complete by then; tests/conformance/uploads abort others",
    "pip install .": "make installs the same folder, as editable; no other command of `assetctl` would work without",
}

READERS = {
    "README.md": Reader(
        before='cp "$ROOT/README.md" .',
        stands_for=(("<id>", "$(clean)"),),
        leaves_out=("make run", "make demo", "make test", DEPLOY),
        sees=('"state":"clean"', (ROOT / "README.md").read_text(encoding="utf-8").strip()),
    ),
    "docs/access.md": Reader(
        stands_for=(
            ("ORGANISATION=<id>", "ORGANISATION=6667cce2-e809-4e21-ae09-cb0bdc1ddda3"),
            ("PRINCIPAL=<uid>", "PRINCIPAL=$(field_of uid alice)"),
            ("REVOKE=<token id>", "REVOKE=$(field_of id visitor)"),
            ("REVOKE=<uid>", "REVOKE=$(field_of uid root)"),
        ),
        sees=("Manage all Assets", "revoked 1 token"),
    ),
    "docs/apis/projectassets.md": Reader(
        before="echo clip >clip.mov; TOKEN=$(make -s token NAME=editor SUPERUSER=1)",
        stands_for=(("USER_ID=<uid>", "USER_ID=$(field_of uid anna)"),),
        sees=('"path_file":"/mnt/edit/clip.mov"',),
    ),
    "docs/cli.md": Reader(
        before="echo report >report.pdf; TOKEN=$(make -s token NAME=writer)",
        stands_for=(
            ("https://api.example.org", "$API"),
            ("am_...", "$TOKEN"),
            ("6b03085d963ba7c755c49321", "$(clean)"),
        ),
        sees=("report.pdf",),
    ),
}
"""The pages whose commands are typed. Those of docs/uploads.md are in tests/docs/test_uploads_page.py."""


@pytest.mark.parametrize("name", READERS)
def test_what_a_page_says_works(product: Product, tmp_path: Path, name: str) -> None:
    done = run(name, READERS[name], product, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for sight in READERS[name].sees:
        assert sight in done.stdout


def test_every_command_is_typed_or_says_why_not() -> None:
    typed = {*READERS, "docs/uploads.md"}
    for name, page in BY_NAME.items():
        leaves_out = READERS[name].leaves_out if name in READERS else ()
        for command in page.commands:
            assert command in NOT_TYPED or (name in typed and command not in leaves_out), f"{name}: {command}"
    in_blocks = {command for page in BY_NAME.values() for command in page.commands}
    assert set(NOT_TYPED) <= in_blocks, "these are in no page any more"
    in_sentences = {code for page in BY_NAME.values() for code in page.inline}
    assert set(NOT_TYPED_IN_SENTENCES) <= in_sentences, "nor these"


def test_blocks_that_are_no_commands_say_what_they_are() -> None:
    known = {SHELL, "json", "js", "text", "html", "python", "toml"}
    assert {language for page in BY_NAME.values() for language, _ in page.fences} <= known


@pytest.mark.parametrize("name", BY_NAME)
def test_every_command_in_a_sentence_is_there(name: str) -> None:
    for command in [*BY_NAME[name].inline, *(one for one in BY_NAME[name].commands if one in NOT_TYPED)]:
        if command in NOT_TYPED or command in NOT_TYPED_IN_SENTENCES or is_command(command):
            assert stands(command), command


def is_command(code: str) -> bool:
    """Whether this is something to type, rather than the name of a program or folder."""
    return re.match(r"(\.venv/bin/)?(make|assetctl|curl|python3?|aws|pip|npm|bash|git|docker) ", code) is not None


def stands(command: str) -> bool:
    """Whether a command could be typed, as far as can be told without doing so."""
    match shlex.split(re.sub(r"<[^>]*>", "x", command.removeprefix(".venv/bin/"))):
        case ["make", *words]:
            return makes(words)
        case ["assetctl", *words]:
            return knows(words)
        case ["python", "-m", module, *_]:
            return importlib.util.find_spec(module) is not None
        case _:
            return command in NOT_TYPED or command in NOT_TYPED_IN_SENTENCES


def makes(words: list[str]) -> bool:
    """Whether make knows these targets, and each of these variables is one that its target names."""
    targets = [word for word in words if "=" not in word and not word.startswith("-")]
    if not set(targets) <= RULES.keys():
        return False
    named = "".join(RULES[target] for target in targets)
    known = {*re.findall(r"\b[A-Z][A-Z_]+\b", named), *(setting for setting, *_ in describe() if "run" in targets)}
    return {word.partition("=")[0] for word in words if "=" in word} <= known


def rules() -> dict[str, str]:
    """The targets of the Makefile, each with its help and recipe, and those of the targets that it begins with."""
    source = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = {}
    for target, begins, recipe in re.findall(r"^([a-z-]+):(.*\n)((?:\t.*\n)*)", source, re.MULTILINE):
        found[target] = begins + recipe
    for target, text in found.items():
        begins = text.partition("##")[0].split()
        found[target] += "".join(found[word] for word in begins if word in found)
    return found


RULES = rules()


def knows(words: list[str]) -> bool:
    """Whether `assetctl` has this command with these options. What follows a command's name is its arguments."""
    command = get_command(app)
    while isinstance(command, typer.core.TyperGroup) and words and words[0] in command.commands:
        command, *words = command.commands[words[0]], *words[1:]
    has = {option for one in command.params for option in (*one.opts, *one.secondary_opts)} | {"--help"}
    options = {word.partition("=")[0] for word in words if word.startswith("-")}
    named = isinstance(command, typer.core.TyperGroup) and any(not word.startswith("-") for word in words)
    return options <= has and not named


@pytest.mark.parametrize(
    "wrong",
    [
        "make tokens NAME=alice",
        "make token NMAE=alice",
        "assetctl pat a.txt",
        "assetctl put a.txt --wiat",
        "python -m bench.cups",
        "curl localhost",
    ],
)
def test_a_command_that_does_not_work_is_found(wrong: str) -> None:
    assert not stands(wrong)
