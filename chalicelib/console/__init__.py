"""The console: pages for people at `/console` (docs/console.md).

Their source is in `console/`; `dist` is made from it.
"""
