"""The etcd engine: the store of many replicas and machines.

Import ``engine`` only where etcd is asked for: it brings in gRPC.
"""
