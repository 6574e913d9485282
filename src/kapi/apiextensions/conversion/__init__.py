"""Conversion of custom resources by the webhook of their definition."""
