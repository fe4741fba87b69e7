"""A reader that does what it is told, however bad."""

import os
import time
from pathlib import Path
from typing import Any

from chalicelib.sandboxed import child


def work(arguments: dict[str, Any], directory: Path) -> Any:
    match arguments["deed"]:
        case "tell":
            return {"environment": dict(os.environ), "directory": str(Path.cwd()), "pid": os.getpid()}
        case "refuse":
            raise child.Refused("the file is not to its taste")
        case "die":
            os.abort()
        case "vanish":
            os._exit(0)
        case "raise":
            raise RuntimeError("internals that are nobody's business")
        case "sleep":
            (directory / "pid").write_text(str(os.getpid()), encoding="utf-8")
            time.sleep(60)
        case "grow":
            held = [bytes(range(256)) * 4096 * 64 for _ in range(arguments["pieces"])]
            return len(held)
        case "fill":
            (directory / "large").write_bytes(bytes(arguments["bytes"]))
        case "spin":
            while True:
                pass
        case "spy":
            return Path(f"/proc/{os.getppid()}/environ").read_bytes().decode()
    return None


if __name__ == "__main__":
    child.run(work, ready=lambda: None)
