"""events.k8s.io: the newer API of events."""
