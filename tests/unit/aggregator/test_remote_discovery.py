"""Discovery of servers behind this one, in its unaggregated form."""

from __future__ import annotations

from kapi.aggregator.remote_discovery import aggregated_entries


def test_an_unaggregated_list_in_the_aggregated_form():
    """Subresources join their parents, and kinds of other groups keep them."""
    plain = [
        {
            "name": "widgets",
            "singularName": "widget",
            "namespaced": True,
            "kind": "Widget",
            "verbs": ["get", "list"],
            "shortNames": ["w"],
        },
        {
            "name": "widgets/scale",
            "singularName": "",
            "namespaced": True,
            "group": "autoscaling",
            "version": "v1",
            "kind": "Scale",
            "verbs": ["get"],
        },
    ]
    assert aggregated_entries(plain, "g", "v2") == [
        {
            "resource": "widgets",
            "responseKind": {"group": "g", "version": "v2", "kind": "Widget"},
            "scope": "Namespaced",
            "singularResource": "widget",
            "verbs": ["get", "list"],
            "shortNames": ["w"],
            "subresources": [
                {
                    "subresource": "scale",
                    "responseKind": {"group": "autoscaling", "version": "v1", "kind": "Scale"},
                    "verbs": ["get"],
                }
            ],
        }
    ]
