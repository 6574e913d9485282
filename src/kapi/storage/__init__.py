"""The store: a small etcd-shaped key-value engine and the watch cache that serves all reads."""
