"""Who asks: certificates, tokens and the anonymous user."""

from __future__ import annotations

import pytest

from kapi.apimachinery.errors import Unauthorized
from kapi.apimachinery.user import UserInfo, with_authenticated_group
from kapi.authentication.bearer import EXTRA_SPACE_WARNING
from kapi.authentication.request import RequestAuthenticator
from kapi.authentication.token_file import StaticTokenAuthenticator
from kapi.authentication.x509 import ClientCertificate
from kapi.util.clock import FakeClock

ADMIN = UserInfo("admin", "1", ("system:masters",))


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def authenticator(clock):
    return RequestAuthenticator([StaticTokenAuthenticator({"t0": ADMIN})], clock, minor=37)


def certificate(clock, *subject, valid_seconds=60.0):
    return ClientCertificate(b"der", tuple(subject), clock.now() + valid_seconds)


@pytest.mark.parametrize("header", [b"", b"Basic dDA=", b"Bearer", b"Bearer ", b"Token t0", b" "])
def test_without_a_bearer_token_the_user_is_anonymous(authenticator, header):
    """No header, another scheme and an empty token all mean that nobody introduced themselves."""
    user = authenticator.authenticate(header)
    assert (user.name, user.groups) == ("system:anonymous", ("system:unauthenticated",))


@pytest.mark.parametrize("header", [b"Bearer t0", b"bearer t0", b" BEARER t0 ", b"Bearer t0 rest"])
def test_known_token_names_its_user(authenticator, header):
    """The scheme's letter case, outer spaces and words after the token do not matter."""
    user = authenticator.authenticate(header)
    assert (user.name, user.uid) == ("admin", "1")
    assert user.groups == ("system:masters", "system:authenticated")


@pytest.mark.parametrize("header", [b"Bearer t1", b"Bearer T0", "Bearer \u00e9".encode()])
def test_unknown_token_is_unauthorized(authenticator, header):
    """A token that nobody knows is refused even though anonymous requests are welcome."""
    with pytest.raises(Unauthorized):
        authenticator.authenticate(header)


def test_two_spaces_before_the_token_are_warned_about(authenticator):
    """A token behind two spaces is ignored with a warning."""
    warnings = []
    assert authenticator.authenticate(b"Bearer  t0", None, warnings.append).name == (
        "system:anonymous"
    )
    assert warnings == [EXTRA_SPACE_WARNING]


def test_anonymous_requests_can_be_refused(clock):
    """Without anonymous access a request without credentials is unauthorized."""
    with pytest.raises(Unauthorized):
        RequestAuthenticator([], clock, minor=37, anonymous=False).authenticate(b"")


def test_certificate_names_user_and_groups(authenticator, clock):
    """The common name is the user, each organization a group, the fingerprint a credential id."""
    given = certificate(
        clock, ("organizationName", "a"), ("organizationName", "b"), ("commonName", "ann")
    )
    user = authenticator.authenticate(b"", given)
    assert (user.name, user.groups) == ("ann", ("a", "b", "system:authenticated"))
    [credential] = user.extra["authentication.kubernetes.io/credential-id"]
    assert credential.startswith("X509SHA256=")


def test_certificate_goes_before_token(authenticator, clock):
    """With a good certificate even a bad token is not looked at."""
    given = certificate(clock, ("commonName", "ann"))
    assert authenticator.authenticate(b"Bearer nonsense", given).name == "ann"


def test_certificate_without_common_name_says_nothing(authenticator, clock):
    """A certificate that names nobody leaves the request to the token, or anonymous."""
    given = certificate(clock, ("organizationName", "a"))
    assert authenticator.authenticate(b"Bearer t0", given).name == "admin"
    assert authenticator.authenticate(b"", given).name == "system:anonymous"


def test_certificate_expires_while_its_connection_lives(authenticator, clock):
    """Each request checks the end of the certificate; after it only a token helps."""
    given = certificate(clock, ("commonName", "ann"), valid_seconds=10)
    assert authenticator.authenticate(b"", given).name == "ann"
    clock.advance(11)
    with pytest.raises(Unauthorized):
        authenticator.authenticate(b"", given)
    assert authenticator.authenticate(b"Bearer t0", given).name == "admin"


def test_certificate_uid_depends_on_the_version_served(clock):
    """Older versions read neither uid nor fingerprint; two uids make a certificate invalid."""
    uid = ("1.3.6.1.4.1.57683.2", "u-1")
    one = certificate(clock, uid, ("commonName", "ann"))
    new = RequestAuthenticator([], clock, minor=36).authenticate(b"", one)
    old = RequestAuthenticator([], clock, minor=31).authenticate(b"", one)
    assert (new.uid, old.uid, old.extra) == ("u-1", "", {})
    two = certificate(clock, uid, uid, ("commonName", "ann"))
    assert RequestAuthenticator([], clock, minor=36).authenticate(b"", two).name != "ann"


def test_peer_certificate_is_read_in_order():
    """The subject of getpeercert() is flattened, relative names of several values included."""
    decoded = {
        "subject": (
            (("organizationName", "a"), ("organizationName", "b")),
            (("commonName", "ann"),),
        ),
        "notAfter": "Jan  1 00:00:10 1970 GMT",
    }
    given = ClientCertificate.from_peer(b"x", decoded)
    assert given.subject == (
        ("organizationName", "a"),
        ("organizationName", "b"),
        ("commonName", "ann"),
    )
    assert given.not_after == 10


def test_authenticated_group_is_added_once():
    """Somebody in one of the two groups already keeps exactly their groups."""
    outsider = UserInfo("x", groups=("system:unauthenticated",))
    assert with_authenticated_group(outsider) is outsider
    insider = with_authenticated_group(UserInfo("x"))
    assert with_authenticated_group(insider).groups == ("system:authenticated",)
