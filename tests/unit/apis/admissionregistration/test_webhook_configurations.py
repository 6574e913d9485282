"""Webhook configurations: rules, clients and what later versions came to demand."""

from __future__ import annotations

import pytest

from kapi.apimachinery.field import ErrorList
from kapi.apis.admissionregistration.defaults import default_mutating_webhooks
from kapi.apis.admissionregistration.webhook_client_validation import (
    validate_webhook_client_config,
)
from kapi.apis.admissionregistration.webhook_validation import validate_webhooks

RULE = {"operations": ["*"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
URL = "https://hooks.example.com/x"


def webhook(**members):
    return {
        "name": "a.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {"url": URL},
        "rules": [RULE],
        **members,
    }


def errors_of(*webhooks, old=None):
    obj = {"webhooks": [dict(w) for w in webhooks]}
    default_mutating_webhooks(obj)
    errors = ErrorList()
    validate_webhooks(obj, errors, mutating=True, old=old)
    return [str(error) for error in errors]


def client_errors(**config):
    errors = ErrorList()
    validate_webhook_client_config(config, "c", errors)
    return [str(error) for error in errors]


def test_a_webhook_has_its_defaults():
    """Rules apply in every scope, failures refuse, selectors match all."""
    hook = webhook(rules=[dict(RULE)], clientConfig={"service": {"name": "s"}})
    default_mutating_webhooks({"webhooks": [hook]})
    assert hook["rules"][0]["scope"] == "*"
    assert hook["clientConfig"]["service"]["port"] == 443
    assert (hook["failurePolicy"], hook["matchPolicy"]) == ("Fail", "Equivalent")
    assert (hook["timeoutSeconds"], hook["reinvocationPolicy"]) == (10, "Never")
    assert (hook["namespaceSelector"], hook["objectSelector"]) == ({}, {})


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        (["*", "pods"], "if '*' is present, must not specify other resources without"),
        (["*/*", "pods"], "if '*/*' is present, must not specify other resources"),
        (["pods/*", "pods/log"], "if 'pods/*' is present, must not specify pods/log"),
        (["*/log", "pods/log"], "if '*/log' is present, must not specify pods/log"),
    ],
)
def test_no_resource_lies_within_another(resources, message):
    """A wildcard makes what it covers superfluous."""
    (error,) = errors_of(webhook(rules=[{**RULE, "resources": resources}]))
    assert message in error
    assert errors_of(webhook(rules=[{**RULE, "resources": ["*", "pods/log"]}])) == []


def test_a_url_is_https_with_host_and_path_only():
    """What is wrong is shown, not the whole URL."""
    assert client_errors(url=URL) == []
    assert client_errors(url="http://u:p@h/?q=1#f") == [
        (
            "c.url: Invalid value: \"http\": 'https' is the only allowed URL scheme; desired "
            "format: https://host[/path]"
        ),
        'c.url: Invalid value: "u:p": user information is not permitted in the URL',
        'c.url: Invalid value: "f": fragments are not permitted in the URL',
        'c.url: Invalid value: "q=1": query parameters are not permitted in the URL',
    ]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("::1", "missing protocol scheme"),
        ("1.2.3.4:80/x", "first path segment in URL cannot contain colon"),
        ("https://a b/", 'invalid character " " in host name'),
        ("https://a:80:90/", 'invalid port ":80:90" after host'),
        ("https://a/%zz", 'invalid URL escape "%zz"'),
    ],
)
def test_what_is_no_url_is_missing(url, why):
    """A text that cannot be read as a URL counts as none at all."""
    told = f'url must be a valid URL: parse "{url}": {why}; desired format: https://host[/path]'
    assert client_errors(url=url) == [f"c.url: Required value: {told}"]


def test_a_service_has_name_and_namespace():
    """Clients know the two errors with each other's path."""
    assert client_errors(service={"namespace": "n", "port": 443}) == [
        "c.service.namespace: Required value"
    ]
    service = {"namespace": "n", "name": "s", "port": 443, "path": "/a//b/"}
    assert "segment[1] may not be empty" in client_errors(service=service)[0]
    foreign = client_errors(service={**service, "path": "é"})
    assert "must start with a '/'" in foreign[0]
    assert "segment[0]: a lowercase RFC 1123 subdomain" in foreign[1]
    assert client_errors(service=service, url=URL) == [
        "c: Required value: exactly one of url or service is required"
    ]


def test_side_effects_and_names_are_judged_as_the_old_object_was():
    """An update may keep what became wrong later."""
    hook = webhook(sideEffects="Some")
    assert "supported values" in errors_of(hook)[0]
    assert errors_of(hook, old={"webhooks": [hook]}) == []
    twice = {"webhooks": [webhook(), webhook()]}
    assert errors_of(webhook(), webhook()) == ['webhooks[1].name: Duplicate value: "a.example.com"']
    assert errors_of(webhook(), webhook(), old=twice) == []


def test_match_conditions_have_distinct_names():
    """At most 64 of them."""
    same = {"name": "a", "expression": "true"}
    assert errors_of(webhook(matchConditions=[same, same])) == [
        'webhooks[0].matchConditions[1].name: Duplicate value: "a"'
    ]
    many = [{"name": f"n{i}", "expression": "true"} for i in range(65)]
    assert errors_of(webhook(matchConditions=many)) == [
        "webhooks[0].matchConditions: Too many: 65: must have at most 64 items"
    ]
