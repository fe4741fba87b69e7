"""Which scanner judges, and what has to be set for it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.files.scanners import Finding, Outcome, check_ready, scan
from chalicelib.settings import BadSetting
from tests.files.scanners.conftest import Configure, judge
from tests.files.scanners.samples import EICAR, TEXT, Stream

RULE = 'rule Found_It { strings: $a = "needle" condition: $a }'


class Untouched:
    """A stream that must not be read."""

    def read(self, size: int = -1, /) -> bytes:
        raise AssertionError("the stream was read")


def test_a_stage_that_names_no_scanner_judges_nothing(configure: Configure) -> None:
    configure(SCANNER=None)
    with pytest.raises(BadSetting, match="SCANNER"):
        judge(TEXT)
    with pytest.raises(BadSetting, match="SCANNER"):
        check_ready()


def test_guardduty_is_ready_and_scans_nothing_here(configure: Configure) -> None:
    configure(SCANNER="guardduty")
    check_ready()
    with pytest.raises(BadSetting, match="guardduty"):
        scan(Untouched(), size=1)


@pytest.mark.parametrize("stage", ["dev", "prod", "staging"])
def test_the_self_test_rules_protect_no_stage(configure: Configure, stage: str) -> None:
    configure(STAGE=stage)
    with pytest.raises(BadSetting, match="YARA_RULES"):
        judge(TEXT)
    with pytest.raises(BadSetting, match="YARA_RULES"):
        check_ready()


@pytest.mark.parametrize("stage", ["local", "test"])
def test_the_self_test_rules_find_the_test_virus_locally(configure: Configure, stage: str) -> None:
    configure(STAGE=stage)
    check_ready()
    assert judge(EICAR) == Finding(Outcome.INFECTED, "SelfTest_Eicar")


def test_own_rules_judge_on_a_stage_and_their_rule_is_the_reason(configure: Configure, tmp_path: Path) -> None:
    rules = tmp_path / "own.yar"
    rules.write_text(RULE)
    configure(STAGE="prod", YARA_RULES=rules)
    check_ready()
    assert judge(b"hay needle hay") == Finding(Outcome.INFECTED, "Found_It")
    assert judge(EICAR) == Finding(Outcome.CLEAN)


def test_own_rules_may_include_others_beside_them(configure: Configure, tmp_path: Path) -> None:
    (tmp_path / "inner.yar").write_text(RULE)
    rules = tmp_path / "own.yar"
    rules.write_text('include "inner.yar"')
    configure(YARA_RULES=rules)
    assert judge(b"a needle") == Finding(Outcome.INFECTED, "Found_It")


@pytest.mark.parametrize("text", ["rule broken {", "", "// nothing", 'include "absent.yar"', None])
def test_rules_that_are_broken_empty_or_missing_are_a_bad_setting(
    configure: Configure, tmp_path: Path, text: str | None
) -> None:
    rules = tmp_path / "own.yar"
    if text is not None:
        rules.write_text(text)
    configure(YARA_RULES=rules)
    with pytest.raises(BadSetting, match="YARA_RULES"):
        check_ready()
    with pytest.raises(BadSetting, match="YARA_RULES"):
        judge(TEXT)


@pytest.mark.parametrize("scanner", ["yara", "clamd"])
def test_a_file_over_the_scanners_limit_is_unscannable_without_a_look(configure: Configure, scanner: str) -> None:
    configure(SCANNER=scanner, SCAN_MAX_BYTES=100)
    assert scan(Untouched(), size=101) == Finding(Outcome.UNSCANNABLE, "larger_than_scanner_limit")


def test_a_file_of_exactly_the_limit_is_judged(configure: Configure) -> None:
    configure(SCAN_MAX_BYTES=len(EICAR))
    assert judge(EICAR).outcome == Outcome.INFECTED
    configure(SCAN_MAX_BYTES=len(TEXT))
    assert scan(Stream(TEXT), size=len(TEXT)) == Finding(Outcome.CLEAN)


def test_importing_the_scanners_imports_no_engine() -> None:
    program = (
        "import sys, chalicelib.files.scanners; print([m for m in sys.modules if m in {'yara_x','lzma','tarfile'}])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_test_virus_is_written_out_nowhere_in_the_repository() -> None:
    root = Path(__file__).parents[3]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True).stdout
    files = [root / name.decode() for name in listed.split(b"\0") if name]
    assert [file for file in files if file.is_file() and EICAR in file.read_bytes()] == []


def test_the_documentation_lists_exactly_the_reasons_there_are() -> None:
    root = Path(__file__).parents[3]
    modules = "".join(path.read_text() for path in (root / "chalicelib/files/scanners").glob("*.py"))
    used = set(re.findall(r'(?:Unscannable\(|UNSCANNABLE, |"Heuristics[A-Za-z.]*", )"([a-z]+(?:_[a-z]+)+)"', modules))
    used |= set(re.findall(r'"(archive_needs_memory|malformed_archive)"', modules))
    table = (root / "docs/scanners.md").read_text().partition("## Reasons")[2]
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == used
