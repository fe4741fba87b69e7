"""The required settings with values that stand for nothing, for tests that need no cloud."""

from chalicelib.settings import describe

REQUIRED = {name: f"the-{name.lower()}" for name, _, default, _ in describe() if default is ...}
