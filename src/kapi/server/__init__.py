"""The server: options, certificates, the HTTPS endpoint, and what it serves."""
