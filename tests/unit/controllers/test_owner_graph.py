"""OwnerGraph: dependents by owner, and which of them block."""

from __future__ import annotations

from kapi.controllers.owner_graph import OwnerGraph, OwnerReference


def owner(key, uid="1", *, blocks=False):
    """A reference to the object of a key."""
    return OwnerReference("v1", "ConfigMap", key, uid, blocks, key)


def test_dependents_by_uid():
    """An owner of the same name and another uid is another owner."""
    graph = OwnerGraph()
    graph.put("a", b"", [owner("o", "1", blocks=True)])
    graph.put("b", b"", [owner("o", "2"), owner("p")])
    assert graph.dependents("o") == ["a", "b"]
    assert graph.dependents("o", "2") == ["b"]
    assert graph.blocking_dependents("o", "1") == ["a"]
    assert graph.blocking_dependents("o", "2") == []


def test_owners_that_change():
    """Old owners forget the object; the last dependent leaves no trace."""
    graph = OwnerGraph()
    graph.put("a", b"x", [owner("o")])
    assert graph.put("a", b"y", [owner("p")]) == (owner("o"),)
    assert not graph.has_dependents("o")
    assert graph.remove("a") == (owner("p"),)
    assert not graph.has_dependents("p")
    assert len(graph) == 0


def test_owner_of_a_kind_that_is_served_later():
    """Once it is known where the owner is, its removal finds the dependent."""
    graph = OwnerGraph()
    graph.put("a", b"", [owner("o")._replace(key="")])
    graph.resolve("a", owner("o"))
    assert graph.dependents("o", "1") == ["a"]
    assert not graph.has_dependents("")
