"""Admission control: the chain and its plugins."""
