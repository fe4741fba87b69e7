"""`make test-reference`: schemathesis over each document against a local cloud of its own.

EXAMPLES (50) is how many calls are made of each operation and kind, beside those that cover its schema; APIS names some
of the documents.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from chalicelib.reference import documents
from tests.uppy.run import ROOT, product

# Not a fault: what is never supported, and what may be tried again.
CONFIG = 'checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "501", "503"]\n'

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def main() -> int:
    """Run it over every document. Returns the exit code."""
    examples = os.environ.get("EXAMPLES") or "50"
    failed = []
    with tempfile.TemporaryDirectory() as folder, product(Path(folder)) as environment:
        token = _superuser(environment)
        config = Path(folder, "schemathesis.toml")
        config.write_text(CONFIG)
        for api in (os.environ.get("APIS") or ",".join(documents.APIS)).split(","):
            print(f"--- {api}", flush=True)
            command = [
                *(str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(config), "run"),
                f"{environment['API']}/reference/{api}.json",
                *("--header", f"Authorization: Bearer {token}", "--checks", CHECKS),
                *("--max-examples", examples, "--workers", "1", "--no-color", "--suppress-health-check", "all"),
                *("--request-timeout", "60", "--continue-on-failure"),
            ]
            if subprocess.run(command, cwd=folder, env=environment).returncode:
                failed.append(api)
    print(f"failed: {', '.join(failed)}" if failed else "all passed")
    return 1 if failed else 0


def _superuser(environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "infra.local.within", "infra.tokens"]
    wanted = environment | {"NAME": "root", "SUPERUSER": "1"}
    done = subprocess.run(command, cwd=ROOT, env=wanted, capture_output=True, text=True, check=True)
    return done.stdout.split()[-1]


if __name__ == "__main__":
    sys.exit(main())
