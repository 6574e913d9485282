"""What the server's flags mean, and which are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from kapi.admission.plugin_names import ABSENT_PLUGINS, PLUGINS
from kapi.authentication.request_header import HeaderNames
from kapi.cli import run, serve, up
from kapi.cli.flags import default_data_dir, server_options
from kapi.cli.main import main
from kapi.cli.parser import Parser
from kapi.server.options import EtcdOptions, OptionsError, ServerOptions, TLSOptions
from kapi.server.server import APIServer


def parse(command, *words):
    parser = Parser(prog="kapi")
    command.add_flags(parser)
    arguments = parser.parse_args(words)
    return server_options(arguments, data_dir=Path("/d"), ephemeral=False)


def test_without_flags_the_defaults_hold():
    """The flags' defaults are the options' defaults."""
    assert parse(up) == ServerOptions(data_dir=Path("/d"))


def test_flags_become_options():
    """Values take kube-apiserver's spellings."""
    options = parse(
        up,
        "--ephemeral",
        "--port=7443",
        "--token-auth-file=f.csv",
        "--service-cluster-ip-range",
        "10.0.0.0/16,fd00::/112",
        "--kubernetes-version",
        "v1.30.2",
        "--disable-admission-plugins",
        "ServiceAccount,PodSecurity",
        "--controllers=none",
        "--runtime-config=api/all=true,batch/v1=false,apps/v1",
        "--anonymous-auth=false",
        "--authorization-mode=RBAC",
        "--service-node-port-range=30000-30100",
        "--service-account-max-token-expiration=1h30m",
        "--service-account-issuer=https://a",
        "--service-account-issuer=https://b",
    )
    assert options.secure_port == 7443
    assert options.token_auth_file == Path("f.csv")
    assert options.service_cluster_ip_range == "10.0.0.0/16,fd00::/112"
    assert (options.kubernetes_minor, options.kubernetes_version) == (30, "1.30")
    assert options.disabled_admission_plugins == ("ServiceAccount", "PodSecurity")
    assert options.controllers == ()
    assert options.runtime_config == {"api/all": True, "batch/v1": False, "apps/v1": True}
    assert options.anonymous_auth is False
    assert options.authorization_modes == ("RBAC",)
    assert options.service_node_port_range == (30000, 30100)
    assert options.service_account.max_token_expiration_seconds == 5400
    assert options.service_account.issuers == ("https://a", "https://b")


@pytest.mark.parametrize(
    "flag",
    [
        "--kubernetes-version=1.24",
        "--kubernetes-version=1.38",
        "--kubernetes-version=2.0",
        "--port=65536",
        "--port=-1",
        "--service-cluster-ip-range=10.0.0.0",
        "--service-cluster-ip-range=nonsense/8",
        "--bind-address=localhost",
        "--anonymous-auth=perhaps",
        "--authorization-mode=RBAC,Magic",
        "--authorization-mode=RBAC,RBAC",
        "--enable-admission-plugins=NoSuchPlugin",
        "--enable-admission-plugins=NodeRestriction,AlwaysPullImages",
        "--disable-admission-plugins=nodeRestriction",
        "--runtime-config=apps/v1=on",
        "--service-node-port-range=9-3",
        "--service-account-max-token-expiration=3 fortnights",
        "--no-such-flag",
    ],
)
def test_bad_flag_is_one_line_and_exit_code_2(flag, capsys, tmp_path):
    """A value that means nothing is told in one line, naming the command."""
    with pytest.raises(SystemExit) as caught:
        main(["up", f"--data-dir={tmp_path}", flag])
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("kapi up: ")
    assert told.count("\n") == 1


def test_etcd_flags_are_those_of_kube_apiserver(tmp_path, capsys):
    """Servers are a list, the prefix begins with a slash, a certificate needs its key."""
    options = parse(
        serve,
        "--etcd-servers=https://a:2379, https://b:2379",
        "--etcd-prefix=kapi/",
        "--etcd-cafile=ca",
        "--etcd-certfile=c",
        "--etcd-keyfile=k",
        "--etcd-compaction-interval=1m30s",
    )
    assert options.etcd == EtcdOptions(
        ("https://a:2379", "https://b:2379"), "/kapi", Path("ca"), Path("c"), Path("k")
    )
    assert options.compaction_interval_seconds == 90
    assert parse(serve, "--etcd-compaction-interval=0").compaction_interval_seconds == 0
    with pytest.raises(OptionsError):
        parse(serve, "--etcd-certfile=c")
    together = ["up", "--ephemeral", "--etcd-servers=http://a:1", f"--data-dir={tmp_path}"]
    assert main(together) == 2
    assert "in etcd or in memory" in capsys.readouterr().err


def test_certificates_go_together():
    """A certificate needs its key; a client CA may be given with the server's own certificate."""
    files = ("--tls-cert-file=c", "--tls-private-key-file=k")
    assert parse(serve, *files).tls == TLSOptions(Path("c"), Path("k"))
    assert parse(serve, "--client-ca-file=a").tls == TLSOptions(client_ca_file=Path("a"))
    for alone in files:
        with pytest.raises(OptionsError):
            parse(serve, alone)


def test_run_takes_everything_after_the_dashes():
    """Flags of the command are not flags of kapi."""
    parser = Parser(prog="kapi")
    run.add_flags(parser)
    arguments = parser.parse_args(["--kubernetes-version=1.30", "--", "kubectl", "--help"])
    assert arguments.command[-2:] == ["kubectl", "--help"]
    assert arguments.kubernetes_minor == 30


def test_data_directory_follows_the_environment(monkeypatch):
    """KAPI_DATA_DIR goes before XDG_DATA_HOME."""
    monkeypatch.setenv("XDG_DATA_HOME", "/x")
    monkeypatch.delenv("KAPI_DATA_DIR", raising=False)
    assert default_data_dir() == Path("/x/kapi")
    monkeypatch.setenv("KAPI_DATA_DIR", "/y")
    assert default_data_dir() == Path("/y")


def test_unknown_command_is_one_line(capsys):
    """A command that does not exist is told in one line."""
    with pytest.raises(SystemExit) as caught:
        main(["down"])
    assert caught.value.code == 2
    assert capsys.readouterr().err == "kapi: unknown command 'down' (see kapi --help)\n"


def test_service_endpoints():
    """Services by namespace and name; IPv6 addresses stand in brackets."""
    options = parse(up, "--service-endpoint", "a/b=127.0.0.1:9443,c/d=[::1]:1")
    assert options.service_endpoints == {"a/b": ("127.0.0.1", 9443), "c/d": ("::1", 1)}
    for text in ("b=127.0.0.1:1", "a/b=127.0.0.1", "a/b=:1", "a/b=h:70000"):
        with pytest.raises(SystemExit):
            parse(up, "--service-endpoint", text)


def test_flags_of_the_aggregation_layer():
    """Header names, routing and redirects; the uid has a header since 1.33, or if it is named."""
    proxy = parse(
        up,
        "--requestheader-username-headers=X-User,X-Remote-User",
        "--requestheader-group-headers=X-Group",
        "--requestheader-uid-headers=X-Uid",
        "--requestheader-extra-headers-prefix=X-Extra-",
        "--enable-aggregator-routing=false",
        "--aggregator-reject-forwarding-redirect=false",
    ).proxy_client
    assert proxy.header_names == HeaderNames(
        ("X-User", "X-Remote-User"), ("X-Group",), ("X-Uid",), ("X-Extra-",)
    )
    assert not proxy.route_to_endpoints
    assert not proxy.refuse_redirects
    assert parse(up).proxy_client.header_names == HeaderNames()
    older = parse(up, "--kubernetes-version=1.32").proxy_client.header_names
    assert older == HeaderNames(uids=())
    named = parse(up, "--kubernetes-version=1.32", "--requestheader-uid-headers=X-Remote-Uid")
    assert named.proxy_client.header_names == HeaderNames()
    assert parse(up, "--enable-aggregator-routing").proxy_client.route_to_endpoints


@pytest.mark.parametrize("value", ["", "X User", "X-User:"])
def test_names_of_headers(value):
    """At least one is needed for the user, and it must be one."""
    with pytest.raises(OptionsError, match=r"at least one name|is no name of a header"):
        parse(up, f"--requestheader-username-headers={value}")


def test_admission_control_config_file():
    """The file is read when the server starts."""
    options = parse(up, "--admission-control-config-file=/f")
    assert options.admission_control_config_file == Path("/f")


def test_names_of_admission_plugins():
    """Plugins that Kubernetes has and kapi has not may be switched off, as they are."""
    options = parse(
        up,
        "--enable-admission-plugins=NodeRestriction",
        "--disable-admission-plugins=JobValidation",
    )
    assert options.enabled_admission_plugins == ("NodeRestriction",)
    assert options.disabled_admission_plugins == ("JobValidation",)


async def test_every_plugin_has_its_name_in_the_table():
    """What the flags take is what a server has."""
    server = APIServer(ServerOptions(Path("unused"), ephemeral=True, controllers=()))
    await server.start()
    names = set(server.api.admission.names) | {"NodeRestriction"}
    await server.stop()
    own = {"EscalationCheck", "ParamAccessCheck"}
    assert names - own == PLUGINS
    assert not PLUGINS & ABSENT_PLUGINS
