"""Calling webhooks, whatever they are for: where they are, and what they answer."""
