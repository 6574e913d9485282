"""Serializers: between bytes on the wire and JSON values."""
