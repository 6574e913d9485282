"""Server-side apply: field sets, comparison and merging of values by a schema."""
