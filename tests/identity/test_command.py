"""The command behind `make token`."""

import pytest

from chalicelib import clock
from chalicelib.identity import authenticate, entries
from infra.tokens import main
from tests.support.cloud import Cloud


def test_it_prints_the_token_once_and_alone(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    environ = {
        "NAME": "alice",
        "PERMISSIONS": "Manage all Assets, Bypass access-limiting",
        "GROUPS": "g1,g2",
        "ORGANISATION": "org",
        "SUPERUSER": "",
    }
    assert main([], environ) == 0
    out, err = capsys.readouterr()
    principal = authenticate(out.strip())
    assert principal is not None
    assert principal.permissions == {"signin", "Manage all Assets", "Bypass access-limiting"}
    assert principal.groups == {"g1", "g2"}
    assert (principal.organisation, principal.superuser) == ("org", False)
    assert out.strip() not in err
    assert principal.uid in err


def test_options_do_the_same_as_variables(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--name", "root", "--superuser", "--days", "2", "--groups", "g"], {}) == 0
    principal = authenticate(capsys.readouterr().out.strip())
    assert principal is not None
    assert principal.superuser
    assert principal.groups == {"g"}
    [entry] = entries()
    assert entry.expires_at is not None
    assert abs(entry.expires_at - clock.epoch() - 2 * 86_400) < 60


def test_it_lists_everything_but_secrets_and_revokes_by_id(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    main([], {"NAME": "alice", "GROUPS": "g1"})
    token = capsys.readouterr().out.strip()
    assert main([], {"LIST": "1"}) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["token", "id", "name"]
    assert "alice" in line
    assert "g1" in line
    assert "signin" in line
    assert token.split("_", 2)[2] not in line
    assert main([], {"REVOKE": line.split()[0]}) == 0
    assert "revoked 1 token" in capsys.readouterr().out
    assert authenticate(token) is None
    assert main([], {"REVOKE": line.split()[0]}) == 1
    assert "no such token" in capsys.readouterr().err


def test_a_principal_gets_a_second_token(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    main([], {"NAME": "alice"})
    first = authenticate(capsys.readouterr().out.strip())
    assert first is not None
    main([], {"PRINCIPAL": first.uid})
    assert authenticate(capsys.readouterr().out.strip()) == first
    assert main([], {"PRINCIPAL": "nobody"}) == 1


@pytest.mark.parametrize("environ", [{}, {"DAYS": "3"}, {"NAME": "a", "DAYS": "soon"}, {"NAME": "a", "DAYS": "0"}])
def test_called_wrongly_it_says_so_and_makes_nothing(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], environ: dict[str, str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main([], environ)
    assert caught.value.code == 2
    assert capsys.readouterr().out == ""
    assert entries() == []
