"""Fixtures of all tests, the order of the last, and what several processes of one run know together.

With pytest-xdist no process sees the whole suite: each tells in the end what its functions did, where it survived a
crash and in what it bore that AWS failed, and the one that started them judges. `--did=FILE` keeps what functions did
in a file, so that runs of parts of the suite add up, and `--judge` judges policies by what is known however little was
run.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import kinds, permissions, sites
from tests.support.cloud import cloud

__all__ = ["cloud", "kinds", "permissions", "sites"]

_FIRST = {"faults", "survival"}
_JUDGED = pytest.StashKey[tuple[permissions.Judgement, permissions.Judgement]]()
_SITES = pytest.StashKey[tuple[list[str], list[str]]]()
_KINDS = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say what can be asked for."""
    parser.addoption("--did", type=Path, help="file of what functions did, in runs before and in this one")
    parser.addoption("--judge", action="store_true", help="judge policies by what --did knows after this run")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what judges all tests behind them, and skip it where not all are run here; say what is to stay together.

    The tests that fork for every crash point come first, since a fork costs more with the memory of its process,
    and the long histories, so that no process is left alone with them. The browser, which is started once and waits
    much, goes beside them. Tests of one file share what they have made.
    """
    last = [item for item in items if item.get_closest_marker("last")]
    rest = sorted((item for item in items if item not in last), key=lambda item: _FIRST.isdisjoint(item.path.parts))
    begins_with = rest[0].path if rest else None
    items[:] = sorted(rest, key=lambda item: (item.path != begins_with, "browser" not in item.path.parts)) + last
    for item in items:
        together = "browser" if "browser" in item.path.parts else item.path.relative_to(config.rootpath)
        item.add_marker(pytest.mark.xdist_group(str(together)))
    if not _whole(config):
        skip = pytest.mark.skip(reason="judges the whole suite, which is not being run")
    elif hasattr(config, "workerinput"):
        skip = pytest.mark.skip(reason="judges the whole suite, once all processes have told what they saw")
    else:
        return
    for item in last:
        item.add_marker(skip)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Hear what a process of the run saw."""
    told = getattr(node, "workeroutput", {})
    permissions.hear(told.get("recorded", {}))
    sites.hear(told.get("sites", {}))
    kinds.failed.update(told.get("kinds", ()))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell what was seen here, or judge what all have told."""
    config: Any = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["recorded"] = permissions.told()
        config.workeroutput["sites"] = sites.told()
        config.workeroutput["kinds"] = sorted(kinds.failed)
        return
    if kept := config.option.did:
        permissions.hear(json.loads(kept.read_text()) if kept.exists() else {})
        kept.write_text(json.dumps(permissions.told()))
    whole = getattr(config.option, "numprocesses", None) and _whole(config) and not session.testsfailed
    if whole or config.option.judge:
        config.stash[_JUDGED] = permissions.judge()
    if whole:
        config.stash[_SITES] = sites.judge()
        config.stash[_KINDS] = kinds.judge()
    judged = config.stash.get(_JUDGED, ({}, {})), config.stash.get(_SITES, ([], [])), config.stash.get(_KINDS, [])
    if judged != (({}, {}), ([], []), []):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what came of the judgement."""
    if _JUDGED in config.stash:
        denied, unused = config.stash[_JUDGED]
        terminalreporter.section("policies of the functions")
        for function, needs in denied.items():
            terminalreporter.line(f"{function} does and may not: {needs}", red=True)
        for function, needs in unused.items():
            terminalreporter.line(f"{function} may and never does: {needs}", red=True)
        if not denied and not unused:
            terminalreporter.line("each function may do what it does itself in the suite, and nothing else")
        for function, count in permissions.counted().items():
            allowed = count.total()
            terminalreporter.line(f"{function}: {allowed} permissions, {allowed - len(unused.get(function, []))} used")
    if _SITES in config.stash:
        uncovered, unknown = config.stash[_SITES]
        terminalreporter.section("crash cases")
        for site in uncovered:
            terminalreporter.line(f"{site} writes, and no crash case comes through it", red=True)
        for site in unknown:
            terminalreporter.line(f"{site} writes, and tests.support.sites does not see it in the source", red=True)
        if not uncovered and not unknown:
            terminalreporter.line(f"each of the {len(sites.written())} functions that write has survived a crash")
    if _KINDS in config.stash:
        terminalreporter.section("failures of AWS")
        for kind in config.stash[_KINDS]:
            terminalreporter.line(f"{kind}: AWS never fails in it in a crash case", red=True)
        if not config.stash[_KINDS]:
            terminalreporter.line(f"AWS has failed in each of the {len(kinds.failed)} kinds of what consumers do")


def _whole(config: pytest.Config) -> bool:
    return set(config.args) <= {"tests", str(config.rootpath / "tests")} and not config.option.keyword
