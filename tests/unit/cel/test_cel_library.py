"""The function libraries of Kubernetes."""

from __future__ import annotations

import pytest

from kapi.cel.environment import Environment
from kapi.cel.values import CelError

_ENVIRONMENT = Environment({})


@pytest.mark.parametrize(
    "source",
    [
        "url('https://u@[::1]:80/a b?k=a&k=b').getHostname() == '::1'",
        "url('https://x/?k=a&k=b').getQuery() == {'k': ['a', 'b']}",
        "isURL('/path') && !isURL('no url')",
        "'a$'.matches('^[a$]+$') && !'a\\n'.matches('a$')",
        "quantity('1').add(quantity('500m')) == quantity('1500m')",
        "quantity('2Gi').isGreaterThan(quantity('2G'))",
        "sign(quantity('-1')) == -1",
        "!isIP('::ffff:10.0.0.1') && !isIP('010.0.0.1')",
        "cidr('10.1.0.0/16').containsCIDR('10.1.2.0/24')",
        "cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
        "ip.isCanonical('2001:db8::1') && !ip.isCanonical('2001:DB8::1')",
        "semver('1.0.0-rc.10').isGreaterThan(semver('1.0.0-rc.9'))",
        "semver('v1.2', true) == semver('1.2.0')",
        "format.dns1123Label().validate('A').hasValue()",
        "!format.named('nothing').hasValue()",
        "sets.equivalent([1, 2, 2], [2, 1])",
        "[3, 1, 2].sort() == [1, 2, 3] && [1, 2].isSorted()",
        "['bb', 'a'].sortBy(x, size(x)) == ['a', 'bb']",
        "[1, 2, 3].slice(1, 3) == [2, 3] && [[1], [2]].flatten() == [1, 2]",
        "'a-b'.split('-', 2).join('+') == 'a+b'",
        "'a1b22'.findAll('[0-9]+') == ['1', '22']",
    ],
)
def test_functions(source):
    """Each library does what its documentation says."""
    assert _ENVIRONMENT.compile(source).evaluate({}) is True


def test_a_failing_function_says_why():
    """Errors of functions are those of the server."""
    with pytest.raises(CelError, match="min called on empty list"):
        _ENVIRONMENT.compile("[1].filter(x, x > 1).min()").evaluate({})
