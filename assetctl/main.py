"""The command `assetctl`: what it consists of, and how it ends."""

import signal
import sys
from typing import Annotated

import typer

from assetctl import admin, files, productions, profiles, work
from assetctl.client import Deployment
from assetctl.failures import Exit, Failure
from assetctl.options import Chosen, Json
from assetctl.output import facts, say
from assetctl.profiles import Profile

app = typer.Typer(
    name="assetctl",
    help="The asset manager from a terminal. Exit codes and everything else: docs/cli.md.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (files.put, files.get, files.ls, files.info, files.rm, files.restore, files.cp, files.watch):
    app.command()(command)
for name, group in (
    ("jobs", work.jobs),
    ("workers", work.workers),
    ("tokens", admin.tokens),
    ("stores", admin.stores),
    ("productions", productions.productions),
):
    app.add_typer(group, name=name)


@app.callback()
def choose(
    context: typer.Context,
    profile: Annotated[str | None, typer.Option(help="Profile to use (ASSETCTL_PROFILE).")] = None,
    url: Annotated[str | None, typer.Option(help="URL of the deployment (ASSETCTL_URL).")] = None,
) -> None:
    """Choose the deployment. The token comes from ASSETCTL_TOKEN or the profile, never from the command line."""
    context.obj = Chosen(profile, url)


@app.command()
def login(
    url: Annotated[str, typer.Argument(help="URL of the deployment's API.")],
    profile: Annotated[str, typer.Option(help="Name of the profile.")] = "default",
    as_json: Json = False,
) -> None:
    """Keep a deployment's URL and token as a profile; the token is read from standard input, or asked for."""
    token = (
        typer.prompt("Token", hide_input=True, err=True, default="", show_default=False)
        if sys.stdin.isatty()
        else sys.stdin.readline()
    )
    made = Profile(url.rstrip("/"), token.strip())
    api = Deployment(made)
    try:
        found = api.json("GET", "/tokens/self")
    finally:
        api.close()
    file = profiles.keep(profile, made)
    say(f"kept in {file}")
    facts({"profile": profile, "url": made.url, "name": found["name"], "uid": found["uid"]}, as_json=as_json)


def run() -> None:
    """The entry point: run the command and exit with the code that tells how it went."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        app(prog_name="assetctl")
    except Failure as failure:
        say(f"assetctl: {failure}")
        sys.exit(int(failure.code))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(int(Exit.DONE))
    except OSError as error:
        say(f"assetctl: {error}")
        sys.exit(int(Exit.FAILED))


if __name__ == "__main__":
    run()
