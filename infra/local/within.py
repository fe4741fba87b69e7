"""Runs a module inside the environment of a cloud: `python -m infra.local.within MODULE [ARGUMENT...]`.

The environment is the file that `make run` keeps in its state folder, STATE_DIR (.state), as long as it runs; or, where
STAGE names a deployed stage, that of its functions.
"""

import os
import runpy
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from infra import stage as stages

LOCAL = "local"


def environment(state: Path) -> dict[str, str]:
    """The environment variables of the local cloud whose state lies here.

    Raises:
        FileNotFoundError: it does not run.
    """
    words = shlex.split((state / "environment").read_text(encoding="utf-8"))
    return dict(word.split("=", 1) for word in words)


def main(arguments: Sequence[str]) -> int:
    """Run the module; what it exits with is the exit code, 2 when the cloud is not there."""
    module, *rest = arguments
    state = os.environ.get("STATE_DIR") or ".state"
    stage = os.environ.get("STAGE") or LOCAL
    try:
        os.environ.update(environment(Path(state)) if stage == LOCAL else stages.environment(stage))
    except stages.NotDeployed as error:
        print(error, file=sys.stderr)
        return 2
    except FileNotFoundError:
        print(f"no local cloud runs on {state}: start it with `make run` in another terminal", file=sys.stderr)
        return 2
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
