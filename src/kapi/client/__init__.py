"""Clients of the API inside the server's own process."""
