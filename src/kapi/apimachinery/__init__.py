"""What all kinds share: metadata, types, selectors, patches, serializers."""
