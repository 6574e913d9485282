"""Encryption at rest, as "Encrypting Confidential Data at Rest" of the documentation describes it.

Values carry kube-apiserver's prefixes, so that both read the same store.
"""
