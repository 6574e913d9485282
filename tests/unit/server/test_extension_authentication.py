"""What servers that share a store tell together."""

from __future__ import annotations

from kapi.server.certificates import create_authority
from kapi.server.extension_authentication import combined

NOW = 2e9
USERS = "requestheader-username-headers"
NAMES = "requestheader-allowed-names"
BUNDLE = "requestheader-client-ca-file"


def authority(created):
    return create_authority("ca", created).pair.certificate.decode()


def test_authorities_of_all_servers():
    """Each server's stands there once, until it has expired."""
    mine, other, old = authority(NOW), authority(NOW), authority(0)
    together = combined({BUNDLE: mine}, {BUNDLE: other + old}, NOW)
    assert together == {BUNDLE: other + mine}
    assert combined({BUNDLE: mine}, together, NOW) == together
    assert combined({BUNDLE: other}, together, NOW) == together
    assert combined({BUNDLE: mine}, {BUNDLE: "nonsense"}, NOW) == {BUNDLE: mine}


def test_lists_of_all_servers():
    """Names are added; what is no list is replaced, what is not known stays."""
    assert combined({USERS: '["A","B"]'}, {USERS: '["B","C"]', "x": "y"}, NOW) == {
        USERS: '["B","C","A"]',
        "x": "y",
    }
    for broken in ("{", "5", ""):
        assert combined({USERS: '["A"]'}, {USERS: broken}, NOW) == {USERS: '["A"]'}


def test_any_name_is_allowed_where_one_server_allows_any():
    """An empty list stands for all names."""
    assert combined({NAMES: "[]"}, {NAMES: '["a"]'}, NOW) == {NAMES: "[]"}
    assert combined({NAMES: '["a"]'}, {NAMES: "[]"}, NOW) == {NAMES: "[]"}
    assert combined({NAMES: '["a"]'}, {NAMES: '["b"]'}, NOW) == {NAMES: '["b","a"]'}
