"""Credentials that are made once, found again, and made anew when they no longer do."""

from __future__ import annotations

import stat

import pytest
import yaml
from cryptography import x509

from kapi.server.data_directory import DataDirectory
from kapi.server.local_server import serving_names
from kapi.server.options import (
    OptionsError,
    ServerOptions,
    StartError,
    TLSOptions,
    first_service_ip,
)
from kapi.util.clock import FakeClock

DAY = 86400
NAMES = ["localhost", "127.0.0.1"]


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def data(tmp_path, clock):
    directory = DataDirectory(tmp_path / "kapi", clock)
    with directory.locked():
        yield directory


def contents(data):
    files = sorted(path for path in data.path.rglob("*") if path.is_file())
    return {path.name: path.read_bytes() for path in files}


def certificate(data, name):
    return x509.load_pem_x509_certificate((data.path / "pki" / f"{name}.crt").read_bytes())


def test_second_start_finds_everything_again(data):
    """Nothing is made twice."""
    token = data.ensure_credentials(NAMES)
    before = contents(data)
    assert data.ensure_credentials(NAMES) == token
    assert contents(data) == before


def test_other_names_get_another_serving_certificate(data):
    """The certificate authority, the token and the service-account key stay."""
    data.ensure_credentials(NAMES)
    before = contents(data)
    data.ensure_credentials([*NAMES, "192.0.2.1"])
    after = contents(data)
    changed = {name for name, content in after.items() if before[name] != content}
    assert {"apiserver.crt", "issued.json"} <= changed
    assert not changed & {"ca.crt", "ca.key", "sa.key", "sa.pub", "admin-token"}
    names = certificate(data, "apiserver").extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert [str(each) for each in names.value.get_values_for_type(x509.IPAddress)] == [
        "127.0.0.1",
        "192.0.2.1",
    ]


def test_certificates_are_renewed_before_they_end(data, clock):
    """A start in the last quarter of the year makes certificates that are good for another."""
    data.ensure_credentials(NAMES)
    first = certificate(data, "admin").not_valid_after_utc
    clock.advance(270 * DAY)
    data.ensure_credentials(NAMES)
    assert certificate(data, "admin").not_valid_after_utc == first
    clock.advance(10 * DAY)
    data.ensure_credentials(NAMES)
    assert certificate(data, "admin").not_valid_after_utc > first


def test_lost_or_spoilt_files_are_made_anew(data):
    """A missing key or an unreadable record is no reason not to start."""
    data.ensure_credentials(NAMES)
    (data.path / "pki" / "apiserver.key").unlink()
    (data.path / "pki" / "issued.json").write_text("{")
    data.ensure_credentials(NAMES)
    assert (data.path / "pki" / "apiserver.key").exists()


def test_administrator_is_in_system_masters(data):
    """The client certificate names the group that may do everything."""
    data.ensure_credentials(NAMES)
    assert certificate(data, "admin").subject.rfc4514_string() == (
        "CN=kubernetes-admin,O=system:masters"
    )


def test_secrets_are_for_their_owner_only(data):
    """Keys, token and kubeconfig are readable by nobody else."""
    data.ensure_credentials(NAMES)
    data.write_kubeconfig("https://127.0.0.1:6443")
    for path in ("pki/ca.key", "pki/admin.key", "pki/sa.key", "admin-token", "kubeconfig"):
        assert stat.S_IMODE((data.path / path).stat().st_mode) == 0o600, path


def test_kubeconfig_is_complete(data):
    """The kubeconfig names server, user and context, and embeds all data."""
    data.ensure_credentials(NAMES)
    data.write_kubeconfig("https://127.0.0.1:6443")
    config = yaml.safe_load(data.kubeconfig_file.read_text())
    [cluster], [user], [context] = config["clusters"], config["users"], config["contexts"]
    assert cluster["cluster"]["server"] == "https://127.0.0.1:6443"
    assert context["context"] == {"cluster": cluster["name"], "user": user["name"]}
    assert config["current-context"] == context["name"]
    assert set(user["user"]) == {"client-certificate-data", "client-key-data"}


def test_directory_has_one_owner(data, clock):
    """While a server holds the directory another is refused, and told who holds it."""
    with (
        pytest.raises(StartError, match=r"in use by another kapi \(process \d+\)"),
        DataDirectory(data.path, clock).locked(),
    ):
        pass


def test_directory_that_cannot_be_made_is_told(tmp_path, clock):
    """A path below a file is one line with the reason."""
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StartError, match="Not a directory"),
        DataDirectory(tmp_path / "file" / "data", clock).locked(),
    ):
        pass


def test_client_certificates_are_issued_for_anybody(data):
    """A certificate for another user carries their groups in order."""
    data.ensure_credentials(NAMES)
    pair = data.issue_client_certificate("ann", ["dev", "ops"])
    issued = x509.load_pem_x509_certificate(pair.certificate)
    issued.verify_directly_issued_by(certificate(data, "ca"))
    assert issued.subject.rfc4514_string() == "CN=ann,O=ops,O=dev"


@pytest.mark.parametrize(
    ("cidr", "first"),
    [
        ("10.0.0.0/24", "10.0.0.1"),
        ("10.96.0.0/12,fd00::/108", "10.96.0.1"),
        ("fd00::/108", "fd00::1"),
    ],
)
def test_first_service_address(cidr, first):
    """The service kubernetes gets the first address of the first range."""
    assert first_service_ip(cidr) == first
    with pytest.raises(OptionsError):
        first_service_ip("10.0.0.0/33")


def test_serving_names_follow_the_options(tmp_path):
    """An address that is listened on is a name of the server; the unspecified one is not."""
    names = serving_names(ServerOptions(tmp_path, bind_address="192.0.2.7"))
    assert {"localhost", "kubernetes.default.svc", "::1", "10.0.0.1", "192.0.2.7"} <= set(names)
    assert "0.0.0.0" not in serving_names(ServerOptions(tmp_path, bind_address="0.0.0.0"))


def test_own_files_where_none_are_named(data, tmp_path):
    """Who brings a serving certificate decides about client certificates too."""
    own = data.with_tls_files(TLSOptions())
    assert own.client_ca_file == data.ca_file
    theirs = TLSOptions(tmp_path / "c", tmp_path / "k")
    assert data.with_tls_files(theirs) is theirs
    mixed = data.with_tls_files(TLSOptions(client_ca_file=tmp_path / "ca"))
    assert mixed == TLSOptions(own.cert_file, own.private_key_file, tmp_path / "ca")
