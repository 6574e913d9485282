"""The rules of the built-in kinds, a folder for each API group."""
