"""Snapshots of a store: a copy of all its keys at one revision, in one file."""
