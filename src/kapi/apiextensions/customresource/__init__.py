"""Custom resources: how objects that a definition describes are read, checked and shown."""
