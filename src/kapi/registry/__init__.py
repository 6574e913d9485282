"""What holds for every resource: the catalogue, the generic store, strategies and rules."""
