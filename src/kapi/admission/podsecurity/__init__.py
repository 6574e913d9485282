"""Pod Security Standards: what pods of each level may not do, and the labels that choose it."""
