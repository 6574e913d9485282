"""The API group lifecycle.k8s.io."""
