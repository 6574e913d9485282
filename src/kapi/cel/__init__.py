"""The Common Expression Language as Kubernetes uses it: parser, type checker, programs, library."""
