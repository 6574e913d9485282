"""Authorization checks in expressions: what is asked, and what the answers are."""

from __future__ import annotations

import pytest

from kapi.admission.expression_authorizer import authorizer_variables
from kapi.apimachinery.user import UserInfo
from kapi.authorization.authorizer import Decision
from kapi.cel.admission import admission_environment
from kapi.cel.environment import Environment
from kapi.cel.syntax import CompileError
from kapi.cel.values import CelError

_REQUEST = {
    "requestResource": {"group": "apps", "version": "v1", "resource": "deployments"},
    "requestSubResource": "scale",
    "namespace": "ns",
    "name": "web",
}


class _Recorded:
    """Answers with one decision and keeps what it was asked."""

    def __init__(self, decision=None):
        self.decision = decision or Decision(allowed=True)
        self.asked = []

    def authorize(self, attributes):
        self.asked.append(attributes)
        return self.decision

    def rules(self, user, namespace):
        raise AssertionError


def _evaluate(source, authorizer):
    variables = authorizer_variables(authorizer, UserInfo("ann", groups=("dev",)), _REQUEST)
    return admission_environment().compile(source).evaluate(variables)


def test_resource_checks():
    """Everything that a check names reaches the authorizer, in any order."""
    authorizer = _Recorded()
    source = (
        "authorizer.group('').resource('pods').name('p').subresource('log').namespace('ns')"
        ".fieldSelector('spec.nodeName=n').labelSelector('a in (b)').check('get').allowed()"
    )
    assert _evaluate(source, authorizer) is True
    (asked,) = authorizer.asked
    assert (asked.user.name, asked.verb, asked.is_resource) == ("ann", "get", True)
    assert (asked.group, asked.version, asked.resource) == ("", "*", "pods")
    assert (asked.subresource, asked.namespace, asked.name) == ("log", "ns", "p")
    assert (asked.field_selector, asked.label_selector) == ("spec.nodeName=n", "a in (b)")


def test_unreadable_selectors_say_nothing():
    """A selector that cannot be parsed does not narrow the question."""
    authorizer = _Recorded()
    checked = "authorizer.group('').resource('pods').fieldSelector('x').labelSelector('a in b')"
    assert _evaluate(f"{checked}.check('list').allowed()", authorizer)
    assert (authorizer.asked[0].field_selector, authorizer.asked[0].label_selector) == ("", "")


def test_path_checks():
    """A path is asked for with the verb of HTTP."""
    authorizer = _Recorded()
    assert _evaluate("authorizer.path('/healthz').check('get').allowed()", authorizer)
    (asked,) = authorizer.asked
    assert (asked.is_resource, asked.path, asked.verb) == (False, "/healthz", "get")


def test_the_resource_of_the_request():
    """authorizer.requestResource is what the request is about, and may be changed."""
    authorizer = _Recorded()
    assert _evaluate("authorizer.requestResource.check('update').allowed()", authorizer)
    assert _evaluate("authorizer.requestResource.name('x').check('get').allowed()", authorizer)
    first, second = authorizer.asked
    assert (first.group, first.resource, first.subresource) == ("apps", "deployments", "scale")
    assert (first.namespace, first.name, first.verb) == ("ns", "web", "update")
    assert second.name == "x"


def test_service_accounts():
    """Checks may be made for a service account, which is in the groups of its namespace."""
    authorizer = _Recorded()
    source = "authorizer.serviceAccount('ns', 'robot').group('').resource('pods').check('get')"
    assert _evaluate(f"{source}.allowed()", authorizer)
    user = authorizer.asked[0].user
    assert user.name == "system:serviceaccount:ns:robot"
    assert user.groups == ("system:serviceaccounts", "system:serviceaccounts:ns")


def test_decisions():
    """Why something is not allowed can be told; a failure is no refusal."""
    refused = _Recorded(Decision(allowed=False, reason="no", error="down"))
    decided = "authorizer.path('/x').check('get')"
    assert _evaluate(f"{decided}.allowed()", refused) is False
    assert _evaluate(f"{decided}.reason()", refused) == "no"
    assert _evaluate(f"{decided}.errored()", refused) is True
    assert _evaluate(f"{decided}.error()", refused) == "down"
    fine = _Recorded()
    assert _evaluate(f"{decided}.errored() || {decided}.error() != ''", fine) is False


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("authorizer.path('  ')", "path must not be empty"),
        ("authorizer.group('').resource('')", "resource must not be empty"),
        ("authorizer.serviceAccount('ns', 'Robot')", "Invalid service account name"),
        ("authorizer.serviceAccount('a.b', 'robot')", "Invalid service account namespace"),
    ],
)
def test_what_cannot_be_checked(source, text):
    """Empty paths and resources, and names that no service account has, are errors."""
    with pytest.raises(CelError, match=text):
        _evaluate(source, _Recorded())


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("authorizer.check('get')", "applied to 'kubernetes.authorization.Authorizer.(string)'"),
        (
            "authorizer.group('').check('get')",
            "applied to 'kubernetes.authorization.GroupCheck.(string)'",
        ),
        (
            "authorizer.nothing",
            "unexpected failed resolution of 'kubernetes.authorization.Authorizer'",
        ),
        ("authorizer.path(1)", "applied to 'kubernetes.authorization.Authorizer.(int)'"),
    ],
)
def test_checks_are_typed(source, text):
    """What an object of the library cannot do is found when the expression is compiled."""
    with pytest.raises(CompileError) as raised:
        admission_environment().compile(source)
    assert text in str(raised.value)


def test_where_checks_may_be_made():
    """Rules of custom resources and messages have no authorizer, but know the functions."""
    for environment in (Environment({}), admission_environment(authorizer=False)):
        with pytest.raises(CompileError) as raised:
            environment.compile("authorizer.requestResource.check('get').allowed()")
        assert "undeclared reference to 'authorizer'" in str(raised.value)
    with pytest.raises(CompileError) as raised:
        Environment({}).compile("'x'.check('get')")
    assert "found no matching overload for 'check'" in str(raised.value)


def test_a_local_variable_hides_the_authorizer():
    """What a macro declares wins over a variable with a dot in its name."""
    source = "[{'requestResource': 1}].all(authorizer, authorizer.requestResource == 1)"
    assert _evaluate(source, _Recorded()) is True
