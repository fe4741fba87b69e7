"""Modules that are imported when they are first used.

Every Lambda imports `app.py`, and what lies behind the routes costs more to import than all the rest: PynamoDB and
botocore alone some 100 ms. Entry points therefore name such modules by `Lazy`; each function loads what it uses.
"""

import importlib
from typing import Any


class Lazy:
    """Stands for a module until one of its names is used.

    Use it beside the real import, so that types are checked:

        if TYPE_CHECKING:
            from package import module
        else:
            module = Lazy("package.module")
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, value)
        return value
