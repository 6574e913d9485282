"""Instances of structural schemas: valid ones, and twins that are broken in one way each.

Written from the documentation of structural schemas, not with kapi's validation, so that both can
be held against each other. Only rules in CEL are judged by kapi's own evaluation while searching.
"""
