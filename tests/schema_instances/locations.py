"""Where a value is in an instance, and how error messages write it."""

from __future__ import annotations

# A step is ("property", name), ("value", key) of a map, or ("item", index).


def field(path, *, brackets=False):
    """The path of an error; some checks write keys of maps in brackets."""
    text = ""
    for kind, name in path:
        if kind == "item" or (kind == "value" and brackets):
            text += f"[{name}]"
        else:
            text += f".{name}" if text else name
    return text


def value_at(value, path):
    """The value at a path."""
    for _, name in path:
        value = value[name]
    return value


def replaced(value, path, new):
    """A copy of an instance with another value at a path."""
    if not path:
        return new
    (_, name), *rest = path
    copy = value.copy()
    copy[name] = replaced(value[name], rest, new)
    return copy
