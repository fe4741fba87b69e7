"""`python -m assetctl`."""

from assetctl.main import run

run()
