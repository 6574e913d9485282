"""Names of custom resources and the conditions that tell who has them."""

from __future__ import annotations

from kapi.apiextensions.definition.naming import accept_names
from kapi.apiextensions.definition.versions import condition

NOW = "2024-01-02T03:04:05Z"


def definition(plural, kind, accepted=None, **names):
    names = {"plural": plural, "kind": kind, "listKind": f"{kind}List", **names}
    return {
        "metadata": {"name": f"{plural}.example.com"},
        "spec": {"group": "example.com", "names": names},
        "status": {"acceptedNames": accepted or {"plural": "", "kind": ""}},
    }


def named(definition):
    """The definition with all its names accepted."""
    definition["status"] = accept_names(definition, [], NOW)
    return definition


def test_free_names_are_accepted_and_establish():
    """Without conflicts both conditions hold."""
    status = accept_names(definition("widgets", "Widget", shortNames=["wg"]), [], NOW)
    assert status["acceptedNames"]["shortNames"] == ["wg"]
    assert [c["status"] for c in status["conditions"]] == ["True", "True"]


def test_a_taken_kind_is_left_out_and_keeps_from_being_established():
    """Other names are accepted; the condition says which one is taken."""
    other = named(definition("widgets", "Widget"))
    status = accept_names(definition("gadgets", "Widget", listKind="GadgetList"), [other], NOW)
    assert status["acceptedNames"] == {"plural": "gadgets", "kind": "", "listKind": "GadgetList"}
    found = condition({"status": status}, "NamesAccepted")
    assert (found["reason"], found["message"]) == ("KindConflict", '"Widget" is already in use')
    assert condition({"status": status}, "Established")["reason"] == "NotAccepted"


def test_other_groups_do_not_matter():
    """The same names in another group are free."""
    other = named(definition("widgets", "Widget"))
    other["spec"]["group"] = "other.example.com"
    status = accept_names(definition("gadgets", "Widget"), [other], NOW)
    assert condition({"status": status}, "NamesAccepted")["status"] == "True"


def test_once_established_a_conflict_does_not_take_it_back():
    """A definition that is served stays served when a new short name is taken."""
    other = named(definition("widgets", "Widget", shortNames=["wg"]))
    mine = named(definition("gadgets", "Gadget"))
    mine["spec"]["names"]["shortNames"] = ["wg"]
    status = accept_names(mine, [other], NOW)
    assert condition({"status": status}, "NamesAccepted")["reason"] == "ShortNamesConflict"
    assert condition({"status": status}, "Established")["status"] == "True"
    assert "shortNames" not in status["acceptedNames"]
