"""Timestamps and durations: their range, their exactness, how they are written."""

from __future__ import annotations

import pytest

from kapi.cel.environment import Environment
from kapi.cel.syntax import CompileError
from kapi.cel.values import CelError

_ENVIRONMENT = Environment({})


def evaluate(source):
    return _ENVIRONMENT.compile(source).evaluate({})


@pytest.mark.parametrize(
    "source",
    [
        "string(timestamp('2020-02-03T04:05:06.123456789Z')) == '2020-02-03T04:05:06.123456789Z'",
        "string(timestamp('2020-02-03T04:05:06+01:30')) == '2020-02-03T04:05:06+01:30'",
        "timestamp('2020-02-03T04:05:06+01:00') == timestamp('2020-02-03T03:05:06Z')",
        "timestamp('0001-01-01T00:30:00+00:30').getFullYear() == 1",
        "timestamp('2020-02-03T23:59:59-05:00').getDayOfMonth() == 3",
        "timestamp('2020-02-03T23:59:59Z').getHours('+02:00') == 1",
        "timestamp('2020-01-01T00:00:00Z') + duration('1ns') > timestamp('2020-01-01T00:00:00Z')",
        "duration('1h1ns') - duration('1h') == duration('1ns')",
        "string(duration('-1.5s')) == '-1.5s'",
        "duration('1ms1us').getMilliseconds() == 1",
        "duration('-90m').getHours() == -1",
        "int(timestamp('1969-12-31T23:59:59.5Z')) == -1",
        "type(timestamp(0)) == google.protobuf.Timestamp",
        "type(duration('1s')) == google.protobuf.Duration",
    ],
)
def test_times_are_exact(source):
    """Nanoseconds and zones are kept."""
    assert evaluate(source) is True


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("timestamp('9999-12-31T23:59:59.999999999Z') + duration('1ns')", "timestamp overflow"),
        ("timestamp('9999-01-01T00:00:00Z') - timestamp('0001-01-01T00:00:00Z')", "duration over"),
        ("duration('200000h') + duration('2500000h')", "duration overflow"),
        ("timestamp('x' + '')", "to 'google.protobuf.Timestamp'"),
        ("duration('400y' + '')", "to 'google.protobuf.Duration'"),
    ],
)
def test_times_have_a_range(source, text):
    """Spans end where 64 bits of nanoseconds do, times with the year 9999."""
    with pytest.raises(CelError, match=text):
        evaluate(source)


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("'%s|%d|%f|%.1f'.format([1.5, 3, 2.0, 0.25])", "1.5|3|2.000000|0.2"),
        ("'%e'.format([1052.0])", "1.052000\u00d710⁰³"),
        ("'%f %f'.format([double('Infinity'), double('NaN')])", "∞ NaN"),
        ("'%s'.format([['a', 1.5, null, b'b']])", '["a", 1.500000, null, b"b"]'),
        ("'%s'.format([{'b': duration('1m'), 'a': true}])", '{"a":true, "b":duration("60s")}'),
        ("'%x %X %o %b'.format(['az', 255, 8, true])", "617a FF 10 1"),
    ],
)
def test_values_in_texts(source, result):
    """Values inside of lists and maps are written as expressions write them."""
    assert Environment({}, homogeneous=False).compile(source).evaluate({}) == result


@pytest.mark.parametrize("clause", ["%d", "%x", "%b"])
def test_clauses_take_what_they_are_for(clause):
    """A double is no integer."""
    with pytest.raises(CelError, match="was given double"):
        evaluate(f"'{clause}'.format([1.5])")


@pytest.mark.parametrize(
    "source",
    ["math.greatest(1, 2)", "base64.encode(b'a')", "cel.bind(a, 1, a + 1)", "'ab'.reverse()"],
)
def test_what_the_api_does_not_enable_is_unknown(source):
    """Libraries of CEL that Kubernetes leaves out are refused when they are written."""
    with pytest.raises(CompileError):
        _ENVIRONMENT.compile(source)
