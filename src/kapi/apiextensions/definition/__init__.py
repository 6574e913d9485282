"""The kind CustomResourceDefinition: defaults, validation, names and conditions."""
