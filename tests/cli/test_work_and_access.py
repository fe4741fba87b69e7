"""jobs, workers, tokens, stores, productions, profiles, and how the command prints and ends."""

import json
import os
import pty
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer

from assetctl import client, output, profiles
from assetctl.client import message_of
from assetctl.failures import Exit, Failure
from assetctl.main import app
from tests.cli.conftest import Command, Site

PAGE = Path("docs/cli.md")
TEXT = PAGE.read_text(encoding="utf-8")


def test_jobs_and_queues_are_shown(ctl: Command) -> None:
    ctl("stores", "new-project", "default", "turning", "--groups", "g1")
    found = ctl("jobs", "queues")
    assert {"scan-small", "work"} <= {cells[0] for cells in found.cells}
    assert isinstance(ctl("jobs", "list", "--json").json, list)
    for command in ("show", "watch", "cancel", "retry"):
        assert ctl("jobs", command, "0" * 32).code == 4
    assert ctl("jobs", "dead", "work", "--json").json == []
    assert dict(ctl("jobs", "redrive", "work").cells)["moved"] == "0"
    for command in ("dead", "redrive"):
        assert ctl("jobs", command, "play").code == 4


def test_workers_are_listed_and_put_to_work(ctl: Command, tmp_path: Path) -> None:
    names = {worker["name"] for worker in ctl("workers", "list", "--json").json}
    assert "extract" in names
    ctl("stores", "new-project", "default", "works", "--groups", "public")
    (tmp_path / "a.txt").write_text("text")
    assert ctl("put", "a.txt", "--to", "stores/default/works/a", "--wait").code == 0
    refused = ctl("workers", "run", "extract", "stores/default/works/a")
    assert (refused.code, "No worker" in refused.err) == (5, True)
    assert isinstance(ctl("workers", "tasks", "--json").json, list)
    assert ctl("workers", "cancel", "0" * 24).code == 0


def test_tasks_are_listed_with_the_newest_first_and_of_one_asset(ctl: Command, tmp_path: Path) -> None:
    ctl("stores", "new-project", "default", "graphs", "--groups", "public")
    (tmp_path / "a.gml").write_text("graph [ node [ id 1 ] ]")
    for asset in ("one", "two"):
        assert ctl("put", "a.gml", "--to", f"stores/default/graphs/{asset}", "--wait").code == 0
    first, second = (
        dict(ctl("workers", "run", "network-layout", f"stores/default/graphs/{asset}").cells)["task"]
        for asset in ("one", "two")
    )
    assert [cells[0] for cells in ctl("workers", "tasks", "-n", "2").cells] == [second, first]
    assert [cells[0] for cells in ctl("workers", "tasks", "stores/default/graphs").cells] == [second, first]
    assert [cells[0] for cells in ctl("workers", "tasks", "stores/default/graphs/one").cells] == [first]
    assert ctl("workers", "tasks", "stores/default/graphs/one/a.gml").code == 2
    assert ctl("workers", "tasks", "assets").code == 2


def test_tokens_are_made_listed_and_withdrawn(ctl: Command) -> None:
    made = dict(ctl("tokens", "new", "bob", "--groups", "g1,g2", "--days", "3").cells)
    bob = Command({**ctl.environment, "ASSETCTL_TOKEN": made["token"]})
    assert dict(bob("tokens", "self").cells)["groups"] == "g1, g2"
    assert made["id"] in ctl("tokens", "list").out
    assert made["token"] not in ctl("tokens", "list", "--json").out
    assert bob("tokens", "list").code == 3
    assert bob("jobs", "queues").code == 3
    assert ctl("tokens", "revoke", made["id"]).code == 0
    assert ctl("tokens", "revoke", made["id"]).code == 4


def test_stores_are_made_and_listed(ctl: Command) -> None:
    assert ctl("stores", "new", "attic").cells == [["id", "attic"]]
    assert ["attic"] in ctl("stores", "list").cells
    assert ctl("stores", "new", "attic").code == 5


def test_project_assets_are_copied_and_deleted(ctl: Command, site: Site) -> None:
    number = dict(ctl("productions", "new", "News", "news").cells)["id"]
    assert [cells[:2] for cells in ctl("productions", "list").cells] == [[number, "News"]]
    assert httpx.post(f"{site.url}/api/devices", json={"name": "Edit", "path": "/mnt/"}).status_code == 201
    fields = {"name": "Election", "bundle_root": "/mnt/a/", "production_id": int(number)}
    made = httpx.post(f"{site.url}/api/projectassets", json=fields).json()["id"]
    [copied] = ctl("productions", "copy", str(made), "/mnt/b/", "--name", "Copy", "--wait", "--json").json
    assert (copied["name"], copied["status_asset"], copied["bundle_root"]) == ("Copy", 6, "/mnt/b/")
    assert [cells[1] for cells in ctl("productions", "assets", number).cells] == ["Election", "Copy"]
    assert [cells[1] for cells in ctl("ls", f"productions/{number}").cells] == ["Election", "Copy"]
    assert ctl("ls", "productions/999999").code == 4
    assert dict(ctl("productions", "show", str(made)).cells)["bundle_root"] == "/mnt/a/"
    assert ctl("productions", "copy", str(made), "/mnt/b/").code == 5
    assert ctl("productions", "delete", str(made)).code == 0
    assert ctl("productions", "show", "999").code == 4


def test_a_profile_keeps_url_and_token_for_its_owner_alone(ctl: Command, site: Site) -> None:
    token = site.token("alice")
    done = ctl("login", site.url, "--profile", "here", given=f"{token}\n")
    assert done.code == 0
    assert token not in done.out + done.err
    file = Path(ctl.environment["XDG_CONFIG_HOME"], "assetctl", "profiles.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    bare = Command({name: value for name, value in ctl.environment.items() if name != "ASSETCTL_URL"})
    assert dict(bare("--profile", "here", "tokens", "self").cells)["name"] == "alice"
    assert bare("--profile", "nowhere", "tokens", "self").code == 2
    file.chmod(0o640)
    refused = bare("--profile", "here", "tokens", "self")
    assert (refused.code, "others may read" in refused.err) == (2, True)


def test_a_wrong_token_is_not_kept(ctl: Command, site: Site) -> None:
    assert ctl("login", site.url, given="am_0123456789abcdef_wrong\n").code == 3
    assert not Path(ctl.environment["XDG_CONFIG_HOME"]).exists()


def test_who_has_no_token_is_told_how_to_give_one(monkeypatch: pytest.MonkeyPatch) -> None:
    api = client.Deployment(profiles.Profile("https://one.example", ""))
    answer = httpx.MockTransport(lambda _: httpx.Response(401, json={"message": "No bearer token was given"}))
    monkeypatch.setattr(api, "_api", httpx.Client(base_url="https://one.example", transport=answer))
    with pytest.raises(Failure) as refused:
        api.json("GET", "/assets")
    assert refused.value.code == 3
    assert "ASSETCTL_TOKEN, or `assetctl login https://one.example`" in str(refused.value)


def test_a_profiles_token_is_for_its_deployment_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("ASSETCTL_URL", "ASSETCTL_TOKEN", "ASSETCTL_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    profiles.keep("default", profiles.Profile("https://one.example", "secret"))
    assert profiles.chosen(None, None).token == "secret"
    assert profiles.chosen(None, "https://one.example/").token == "secret"
    assert profiles.chosen(None, "https://other.example").token == ""
    monkeypatch.setenv("ASSETCTL_TOKEN", "given")
    assert profiles.chosen(None, "https://other.example").token == "given"


def test_nobody_there_is_told_apart(ctl: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ATTEMPTS", 2)
    nobody = Command({**ctl.environment, "ASSETCTL_URL": "http://127.0.0.1:9"})
    assert nobody("ls").code == 7
    assert Command({**ctl.environment, "ASSETCTL_URL": "nonsense"})("ls").code == 2


def test_the_real_command_exits_as_the_page_says(site: Site, tmp_path: Path) -> None:
    given = {**os.environ, "ASSETCTL_URL": site.url, "HOME": str(tmp_path)}
    program = str(Path(sys.executable).parent / "assetctl")
    command = [program] if Path(program).exists() else [sys.executable, "-m", "assetctl"]

    def code(*arguments: str) -> int:
        return subprocess.run([*command, *arguments], env=given, cwd=Path.cwd(), capture_output=True).returncode

    assert [code("ls"), code("info", "0" * 24), code("ls", "nonsense"), code("--nonsense")] == [0, 4, 2, 2]


def test_a_terminal_gets_a_table_and_a_pipe_does_not(site: Site, tmp_path: Path) -> None:
    given = {**os.environ, "ASSETCTL_URL": site.url, "HOME": str(tmp_path), "COLUMNS": "100", "TERM": "xterm"}
    command = [sys.executable, "-m", "assetctl", "jobs", "queues"]
    piped = subprocess.run(command, env=given, capture_output=True, text=True, check=True)
    assert "waiting" not in piped.stdout
    assert "\x1b" not in piped.stdout
    ours, theirs = pty.openpty()
    subprocess.run(command, env=given, stdout=theirs, stderr=subprocess.DEVNULL, check=True)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert "waiting" in shown
    assert "\t" not in shown


def test_a_narrow_terminal_loses_nothing_of_a_table(site: Site, tmp_path: Path) -> None:
    given = {**os.environ, "ASSETCTL_URL": site.url, "HOME": str(tmp_path), "COLUMNS": "60", "TERM": "xterm"}
    command = [sys.executable, "-m", "assetctl"]
    source = tmp_path / "a-rather-long-name-of-a-report.html"
    source.write_bytes(b"<p>")
    put = subprocess.run([*command, "put", source], env=given, capture_output=True, text=True, check=True)
    ours, theirs = pty.openpty()
    subprocess.run([*command, "ls", "-n", "1"], env=given, stdout=theirs, stderr=subprocess.DEVNULL, check=True)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert put.stdout.split("\t")[0] in shown
    assert "…" not in shown


def test_an_error_is_one_line_in_a_pipe(site: Site, tmp_path: Path) -> None:
    given = {**os.environ, "ASSETCTL_URL": site.url, "HOME": str(tmp_path), "COLUMNS": "40"}
    command = [sys.executable, "-m", "assetctl", "info", "0" * 24]
    done = subprocess.run(command, env=given, capture_output=True, text=True)
    assert done.stderr == f"assetctl: not found: /assets/{'0' * 24}\n"


def test_names_do_not_speak_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    output.rows([{"name": "a\x1b[31m\tb\nc"}], ("name",), as_json=False)
    assert capsys.readouterr().out == "a\ufffd[31m\ufffdb\ufffdc\n"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"_response_info": {"status": "not found"}}, "not found"),
        ({"_response_info": {"status": ["one", "two"]}}, "one; two"),
        ({"message": "no token"}, "no token"),
        ({"title": "Asset exists", "description": "use update"}, "Asset exists: use update"),
        ({"errors": [{"detail": "one"}, {"detail": "two"}]}, "one; two"),
        ("a bare text", "a bare text"),
        ({"another": "shape"}, "409 Conflict"),
    ],
)
def test_errors_of_every_api_are_read(body: Any, told: str) -> None:
    assert message_of(httpx.Response(409, json=body)) == told
    assert message_of(httpx.Response(502, text="<html>")) == "502 Bad Gateway"


def test_the_shell_completes_commands() -> None:
    given = {**os.environ, "_ASSETCTL_COMPLETE": "complete_bash", "COMP_WORDS": "assetctl jo", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-m", "assetctl"], env=given, capture_output=True, text=True)
    assert done.stdout.split() == ["jobs"]


def commands() -> set[str]:
    """Every command, groups with theirs."""
    found: set[str] = set()

    def walk(group: Any, before: str) -> None:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                walk(command, f"{before}{name} ")
            else:
                found.add(f"{before}{name}")

    walk(typer.main.get_command(app), "")
    return found


def test_the_page_names_every_command_and_no_other() -> None:
    table = TEXT.partition("## Commands")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([a-z -]+?)(?: [A-Z\[].*?)?` \|", table, flags=re.MULTILINE)) == commands()


def test_the_page_names_every_exit_code() -> None:
    table = TEXT.partition("## Exit codes")[2].partition("\n## ")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, flags=re.MULTILINE)} - {130} == {*Exit}


def test_everything_that_prints_prints_json_and_everything_that_writes_runs_dry() -> None:
    writing = {
        "put", "get", "rm", "restore", "cp", "jobs cancel", "jobs redrive", "jobs retry",
        "workers run", "workers cancel", "workers reset",
        "tokens new", "tokens revoke", "stores new", "stores new-project",
        "productions new", "productions copy", "productions delete",
    }  # fmt: skip
    for name in commands():
        command: Any = typer.main.get_command(app)
        for part in name.split():
            command = command.commands[part]
        options = {option for one in command.params for option in one.opts}
        assert "--json" in options, name
        assert ("--dry-run" in options) == (name in writing), name


def test_json_is_whole_where_a_listing_is_short(ctl: Command) -> None:
    for arguments in (("ls",), ("ls", "stores"), ("jobs", "list"), ("workers", "list"), ("tokens", "list")):
        assert isinstance(json.loads(ctl(*arguments, "--json").out), list)
