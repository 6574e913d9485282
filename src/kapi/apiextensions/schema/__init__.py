"""Structural schemas, compiled into functions on first use."""
