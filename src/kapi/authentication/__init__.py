"""Authentication: which user a request comes from.

Implements "Authenticating" of the Kubernetes documentation for client certificates, static tokens
and anonymous requests. Every decision is a pure function of the credentials that are handed in.
"""
