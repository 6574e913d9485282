"""Impersonation: whom headers name, and by which rights somebody may be them."""

from __future__ import annotations

import pytest

from kapi.apimachinery.errors import BadRequest, Forbidden
from kapi.apimachinery.user import UserInfo
from kapi.authorization.authorizer import Decision
from kapi.endpoints.filters.impersonation import Impersonation, wanted_user
from kapi.endpoints.request import Request, parse_path

_PODS = "/api/v1/namespaces/ns/pods"


class _Rights:
    """Allows what is listed: verb, group, resource with subresource, namespace and name."""

    def __init__(self, *allowed):
        self.allowed = set(allowed)
        self.asked = []

    def authorize(self, attributes):
        self.asked.append(attributes)
        resource = attributes.resource
        if attributes.subresource:
            resource += f"/{attributes.subresource}"
        what = (attributes.verb, attributes.group, resource)
        exact = (*what, attributes.namespace, attributes.name)
        return Decision(allowed=what in self.allowed or exact in self.allowed)

    def rules(self, user, namespace):
        raise AssertionError


def _headers(**headers):
    return [
        (f"impersonate-{name.replace('_', '-')}".encode(), value.encode())
        for name, values in headers.items()
        for value in ([values] if isinstance(values, str) else values)
    ]


def _apply(impersonation, headers, requestor=None, path=_PODS):
    scope = {"headers": [(b"accept", b"*/*"), *headers]}
    requestor = requestor or UserInfo("robot")
    request = Request("GET", parse_path(path), dict(scope["headers"]), b"", b"", requestor, "audit")
    impersonation.apply(request, scope)
    return request, scope


def _user(rights, minor=36, requestor=None, path=_PODS, **headers):
    request, _ = _apply(Impersonation(rights, minor), _headers(**headers), requestor, path)
    return request.user


def _refusal(rights, minor=36, requestor=None, path=_PODS, **headers):
    with pytest.raises(Forbidden) as raised:
        _user(rights, minor, requestor, path, **headers)
    return raised.value.message


_USERS = ("impersonate", "", "users")
_GROUPS = ("impersonate", "", "groups")
_ACCOUNTS = ("impersonate", "", "serviceaccounts")


def test_headers_are_read_as_they_are():
    """Groups and extra values may be repeated, the first name and uid count, keys are decoded."""
    headers = [
        (b"impersonate-user", "änn".encode()),
        (b"impersonate-user", b"bob"),
        (b"impersonate-uid", b"1"),
        (b"impersonate-group", b"dev"),
        (b"impersonate-group", b"ops"),
        (b"impersonate-extra-example.com%2fteam", b"a"),
        (b"impersonate-extra-example.com%2Fteam", b"b"),
        (b"impersonate-extra-50%", b"c"),
        (b"impersonate-nothing", b"d"),
    ]
    extra = {"example.com/team": ["a", "b"], "50%": ["c"]}
    assert wanted_user(headers) == UserInfo("änn", "1", ("dev", "ops"), extra)


def test_the_headers_go_away():
    """Nobody behind the filter sees that somebody is impersonated."""
    request, scope = _apply(Impersonation(_Rights(_USERS), 36), _headers(user="ann"))
    assert request.user == UserInfo("ann", groups=("system:authenticated",))
    assert scope["headers"] == [(b"accept", b"*/*")]
    assert request.headers == {b"accept": b"*/*"}


@pytest.mark.parametrize(
    ("name", "groups", "expected"),
    [
        ("ann", ["dev"], ("dev", "system:authenticated")),
        ("ann", ["system:authenticated"], ("system:authenticated",)),
        ("ann", ["system:unauthenticated"], ("system:unauthenticated",)),
        ("system:anonymous", [], ("system:unauthenticated",)),
        ("system:anonymous", ["dev"], ("dev", "system:unauthenticated")),
        (
            "system:serviceaccount:ns:robot",
            [],
            ("system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated"),
        ),
        ("system:serviceaccount:ns:robot", ["dev"], ("dev", "system:authenticated")),
        ("system:serviceaccount:only", [], ("system:authenticated",)),
        ("system:serviceaccount:a:b:c", [], ("system:authenticated",)),
        ("system:node:n1", [], ("system:authenticated",)),
    ],
)
def test_groups_that_come_with_a_user(name, groups, expected):
    """Known users are authenticated, service accounts are in the groups of their namespace."""
    rights = _Rights(_USERS, _GROUPS, _ACCOUNTS)
    assert _user(rights, user=name, group=groups).groups == expected


def test_everything_that_is_wanted_needs_a_right():
    """User, groups, uid and every extra value are asked for one by one."""
    allowed = [
        ("impersonate", "", "users", "", "ann"),
        ("impersonate", "", "groups", "", "dev"),
        ("impersonate", "authentication.k8s.io", "uids", "", "u1"),
        ("impersonate", "authentication.k8s.io", "userextras/scopes", "", "read"),
    ]
    headers = {"user": "ann", "group": "dev", "uid": "u1", "extra_scopes": ["read"]}
    user = _user(_Rights(*allowed), 35, **headers)
    assert (user.uid, user.extra) == ("u1", {"scopes": ["read"]})
    told = [
        (
            'users "ann" is forbidden: User "robot" cannot impersonate resource "users" in API '
            'group "" at the cluster scope'
        ),
        'groups "dev" is forbidden',
        'uids.authentication.k8s.io "u1" is forbidden',
        (
            'userextras.authentication.k8s.io "read" is forbidden: User "robot" cannot impersonate '
            'resource "userextras/scopes" in API group "authentication.k8s.io" at the cluster scope'
        ),
    ]
    for i, text in enumerate(told):
        rest = allowed[:i] + allowed[i + 1 :]
        assert _refusal(_Rights(*rest), 35, **headers).startswith(text)


def test_service_accounts_are_asked_for_in_their_namespace():
    """The right to a service account may be given in its namespace."""
    rights = _Rights(("impersonate", "", "serviceaccounts", "ns", "robot"))
    assert _user(rights, 35, user="system:serviceaccount:ns:robot").name.endswith(":robot")
    assert _refusal(rights, 35, user="system:serviceaccount:other:robot") == (
        'serviceaccounts "robot" is forbidden: User "robot" cannot impersonate resource '
        '"serviceaccounts" in API group "" in the namespace "other"'
    )


@pytest.mark.parametrize(
    ("minor", "headers", "shown"),
    [
        (
            36,
            {"group": "dev"},
            (
                '&user.DefaultInfo{Name:"", UID:"", Groups:[]string{"dev"}, '
                "Extra:map[string][]string(nil)} without impersonating a user name"
            ),
        ),
        (
            36,
            {"user": "", "uid": "u", "extra_b": ["1", "2"], "extra_a": "3"},
            (
                '&user.DefaultInfo{Name:"", UID:"u", Groups:[]string(nil), Extra:map[string]'
                '[]string{"a":[]string{"3"}, "b":[]string{"1", "2"}}} '
                "without impersonating a user name"
            ),
        ),
        (35, {"group": "dev"}, "[{Group  dev    }] without impersonating a user"),
        (
            35,
            {"uid": "u", "extra_a": "3"},
            (
                "[{UserExtra  3  authentication.k8s.io/v1  a} "
                "{UID  u  authentication.k8s.io/v1  }] "
                "without impersonating a user"
            ),
        ),
    ],
)
def test_headers_without_a_user(minor, headers, shown):
    """Nobody can be in a group without being somebody."""
    with pytest.raises(BadRequest) as raised:
        _user(_Rights(), minor, **headers)
    assert raised.value.message == f"requested {shown}"


def test_an_empty_user_is_nobody():
    """An empty name alone asks for nothing."""
    rights = _Rights()
    assert _user(rights, user="") == UserInfo("robot")
    assert rights.asked == []


_IDENTITY = "authentication.k8s.io"


@pytest.mark.parametrize(
    ("wanted", "mode", "resource", "namespace", "name", "groups"),
    [
        ("ann", "user-info", "users", "", "ann", ()),
        (
            "system:serviceaccount:a:b",
            "serviceaccount",
            "serviceaccounts",
            "a",
            "b",
            ("system:serviceaccounts", "system:serviceaccounts:a"),
        ),
        ("system:node:n1", "arbitrary-node", "nodes", "", "n1", ("system:nodes",)),
    ],
)
def test_constrained_modes(wanted, mode, resource, namespace, name, groups):
    """Two rights are needed: to be somebody, and to do this very thing as somebody else."""
    identity = (f"impersonate:{mode}", _IDENTITY, resource, namespace, name)
    action = (f"impersonate-on:{mode}:list", "", "pods", "ns", "")
    user = _user(_Rights(identity, action), user=wanted)
    assert (user.name, user.groups) == (wanted, (*groups, "system:authenticated"))
    assert _refusal(_Rights(identity), user=wanted) == (
        f'pods is forbidden: User "robot" cannot impersonate-on:{mode}:list resource "pods" in '
        'API group "" in the namespace "ns"'
    )
    assert f"cannot impersonate:{mode} resource" in _refusal(_Rights(action), user=wanted)
    assert "cannot impersonate resource" in _refusal(_Rights(identity, action), 35, user=wanted)


def test_paths_are_asked_for_in_constrained_modes():
    """What is done may be a request for a path."""
    assert _refusal(_Rights(), user="ann", path="/healthz") == (
        'forbidden: User "robot" cannot impersonate-on:user-info:get path "/healthz"'
    )


def test_the_node_of_a_pod():
    """A service account may be the node that it runs on by a right that names no node."""
    extra = {"authentication.kubernetes.io/node-name": ["n1"], "b": ["x"]}
    robot = UserInfo("system:serviceaccount:ns:robot", extra=extra)
    rights = _Rights(
        ("impersonate:associated-node", _IDENTITY, "nodes", "", "*"),
        ("impersonate-on:associated-node:list", "", "pods"),
    )
    assert _user(rights, requestor=robot, user="system:node:n1").groups[0] == "system:nodes"
    keys = ["authentication.kubernetes.io/node-name", "b"]
    assert [asked.user.extra for asked in rights.asked] == [
        {"authentication.kubernetes.io/associated-node-keys": keys}
    ] * 2
    assert "arbitrary-node" in _refusal(rights, requestor=robot, user="system:node:n2")


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({"group": "system:masters"}, "impersonating the system:masters group is not allowed"),
        ({"group": ["a", ""]}, "impersonating the empty string group is not allowed"),
        (
            {"extra_scopes": "a"},
            (
                "impersonating an invalid key in extra is not allowed: extra.key: Invalid value: "
                '"scopes": must be a domain-prefixed path (such as "acme.io/foo")'
            ),
        ),
        (
            {"extra_a.b%2fc": ""},
            "impersonating the empty string value in extra is not allowed",
        ),
    ],
)
def test_what_constrained_modes_never_allow(headers, text):
    """Privileged groups and values without a meaning are for the classic right alone."""
    rights = _Rights(
        ("impersonate:user-info", _IDENTITY, "users"),
        ("impersonate:user-info", _IDENTITY, "groups"),
        ("impersonate-on:user-info:list", "", "pods"),
    )
    assert _refusal(rights, user="ann", **headers).endswith(text)


def test_many_groups_by_one_right():
    """From four groups on the right to all of them is enough, in constrained modes."""
    base = [
        ("impersonate:user-info", _IDENTITY, "users"),
        ("impersonate-on:user-info:list", "", "pods"),
        ("impersonate:user-info", _IDENTITY, "groups", "", "*"),
    ]
    assert len(_user(_Rights(*base), user="ann", group=list("abcd")).groups) == 5
    assert 'groups.authentication.k8s.io "a"' in _refusal(
        _Rights(*base), user="ann", group=list("abc")
    )
    extra = ("impersonate:user-info", _IDENTITY, "userextras/*", "", "*")
    headers = {"extra_a.b%2fc": list("1234")}
    assert _user(_Rights(*base, extra), user="ann", **headers).extra == {"a.b/c": list("1234")}


def test_the_last_mode_is_tried_first():
    """Whoever succeeded by the classic right is told about that right when it is missing."""
    impersonation = Impersonation(_Rights(("impersonate", "", "users", "", "ann")), 36)
    with pytest.raises(Forbidden, match="impersonate-on:user-info:list"):
        _apply(impersonation, _headers(user="bob"))
    _apply(impersonation, _headers(user="ann"))
    with pytest.raises(Forbidden, match='cannot impersonate resource "users"'):
        _apply(impersonation, _headers(user="bob"))
    with pytest.raises(Forbidden, match="impersonate-on:user-info:list"):
        _apply(impersonation, _headers(user="bob"), UserInfo("other"))


def test_reasons_and_errors_are_told():
    """What the authorizer had to say stands at the end of the refusal."""

    class Broken(_Rights):
        def authorize(self, attributes):
            return Decision(allowed=False, reason="no", error="down")

    assert _refusal(Broken(), 35, user="ann").endswith("at the cluster scope: down: no")
