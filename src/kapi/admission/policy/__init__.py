"""Admission policies: expressions that judge requests, and where they apply."""
