"""Principals, API tokens and permissions."""

from chalicelib.identity.principal import LOCAL_SUPERUSER, SIGNIN, Principal

__all__ = ["LOCAL_SUPERUSER", "SIGNIN", "Principal"]
