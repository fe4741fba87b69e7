"""Histories: anything that clients, messages, time and accidents can do, in any order, against a small model."""
