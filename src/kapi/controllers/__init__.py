"""Controllers that run inside the server."""
