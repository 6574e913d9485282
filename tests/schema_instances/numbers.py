"""Numbers that fit a schema, and such that do not."""

from __future__ import annotations

_USUAL = (1, 2, 0, 3, 5, 10, 30, 50, 80, 100, 200, 443, 500, 8080, 15021, -1)


def numbers(schema):
    """Different numbers that fit a schema."""
    tried = [*_USUAL]
    factor = schema.get("multipleOf")
    if factor:
        tried[:0] = [factor, 2 * factor, 3 * factor]
    for limit in (schema.get("minimum"), schema.get("maximum")):
        if limit is not None:
            tried += [limit, limit + 1, limit - 1, limit + 0.5, limit - 0.5]
    tried += range(1000, 1400)
    whole = schema.get("type") == "integer"
    seen = set()
    for number in tried:
        if number in seen or (whole and number != int(number)):
            continue
        seen.add(number)
        if fits(schema, number):
            yield int(number) if whole else number


def fits(schema, number):
    """Whether a number is within the limits of a schema."""
    least, most, factor = schema.get("minimum"), schema.get("maximum"), schema.get("multipleOf")
    if least is not None and (
        number <= least if schema.get("exclusiveMinimum") else number < least
    ):
        return False
    if most is not None and (number >= most if schema.get("exclusiveMaximum") else number > most):
        return False
    return not factor or (number / factor).is_integer()


def below(schema):
    """A number that is too small by little."""
    least = schema["minimum"]
    return least if schema.get("exclusiveMinimum") else least - 1


def above(schema):
    """A number that is too large by little."""
    most = schema["maximum"]
    return most if schema.get("exclusiveMaximum") else most + 1


def uneven(schema):
    """A number between two multiples."""
    factor = schema["multipleOf"]
    for number in numbers({key: schema[key] for key in schema if key != "multipleOf"}):
        if not (number / factor).is_integer():
            return number
    return None
