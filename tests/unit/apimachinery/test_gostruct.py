"""Structs as they stand in field errors."""

from __future__ import annotations

from kapi.apimachinery.gostruct import GoStruct, list_of, map_of, pointer_to, value_of

INNER = GoStruct(name=("Name", "", None))
OUTER = GoStruct(
    count=("Count", 0, None),
    here=value_of("Here", INNER),
    there=pointer_to("There", INNER),
    many=list_of("Many", INNER),
    named=map_of("Named", INNER),
)


def test_unset_members_show_their_zero():
    """Values are empty structs; pointers, lists and maps are null."""
    assert OUTER.show({}) == {
        "Count": 0,
        "Here": {"Name": ""},
        "There": None,
        "Many": None,
        "Named": None,
    }


def test_members_stand_in_the_order_of_the_declaration():
    """The order of the object does not matter."""
    named = {"b": {}, "a": {"name": "n"}}
    shown = OUTER.show({"named": named, "many": [{}], "there": {}, "count": 2})
    assert list(shown) == ["Count", "Here", "There", "Many", "Named"]
    assert list(shown["Named"].items()) == [("a", {"Name": "n"}), ("b", {"Name": ""})]
    assert (shown["There"], shown["Many"]) == ({"Name": ""}, [{"Name": ""}])


def test_a_struct_behind_a_pointer_may_be_missing():
    """Null is not the empty struct."""
    assert INNER.show_pointer(None) is None
    assert INNER.show_pointer({}) == {"Name": ""}
