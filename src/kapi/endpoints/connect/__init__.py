"""Connecting to nodes, pods and services: the subresources that reach beyond the API server."""
