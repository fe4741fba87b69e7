"""`assetctl`: the asset manager from a terminal, against any deployment (docs/cli.md)."""
