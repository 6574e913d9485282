"""HTTP: paths, negotiation, handlers, documents, and the ASGI application."""
