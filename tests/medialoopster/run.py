"""`make test-medialoopster`: the public Python client of the medialoopster API against a local cloud of its own.

The client gets an environment of its own, since it brings libraries that the product does not have.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.product import ROOT, Product

HERE = Path(__file__).parent
PYTHON = ROOT / ".venv-medialoopster" / "bin" / "python"


def main() -> int:
    """Install the client if need be, drive it, and return its exit code."""
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", PYTHON.parents[1]], check=True)
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]
    subprocess.run([str(PYTHON), *install, str(HERE / "requirements.txt")], check=True)
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        product = Product(state, AUTH="required")
        try:
            product.ready()
            environment = os.environ | {"API": f"http://localhost:{product.port}", "TOKEN": _superuser(state)}
            return subprocess.run([PYTHON, HERE / "drive.py"], env=environment, timeout=600).returncode
        except BaseException:
            print(product.said()[-4000:], file=sys.stderr)
            raise
        finally:
            product.end()


def _superuser(state: Path) -> str:
    command = [sys.executable, "-m", "infra.local.within", "infra.tokens"]
    environment = os.environ | {"STATE_DIR": str(state), "NAME": "medialoopster", "SUPERUSER": "1"}
    minted = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return minted.stdout.split()[-1]


if __name__ == "__main__":
    sys.exit(main())
