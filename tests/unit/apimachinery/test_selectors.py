"""Label and field selectors: reading, errors, matching and text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapi.apimachinery import fields, labels

NOT_AN_INTEGER = (
    "values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer"
)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", ["w", "d", "n", "none"]),
        ("app", ["w", "d", "n"]),
        ("!app", ["none"]),
        ("! app", ["none"]),
        (" app = web , tier = front ", ["w"]),
        ("app==web", ["w"]),
        ("app!=web", ["d", "n", "none"]),
        ("app=", ["n"]),
        ("app in ( web , db )", ["w", "d"]),
        ("app in ()", ["n"]),
        ("app in (,web)", ["w", "n"]),
        ("app notin(web,db)", ["n", "none"]),
        ("app=web,app=db", []),
        ("app=web,app=web", ["w"]),
        ("in,notin=x", []),
        ("v>1", ["d"]),
        ("v<2", ["w"]),
        ("v>0,v<2", ["w"]),
    ],
)
def test_label_selection(text: str, want: list[str]) -> None:
    """Each operator selects what the documentation says, blanks or not."""
    objects = {
        "w": {"app": "web", "tier": "front", "v": "1"},
        "d": {"app": "db", "v": "2"},
        "n": {"app": "", "v": "x"},
        "none": {},
    }
    selector = labels.parse(text)
    assert [name for name, found in objects.items() if selector.matches(found)] == want


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("(a)", "found '(', expected: !, identifier, or 'end of string'"),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a in (=", "unable to parse requirement: found '=', expected: ',', ')' or identifier"),
        ("a in (b) c", "found 'c', expected: ',' or 'end of string'"),
        ("a,,b", "found ',', expected: identifier after ','"),
        ("a==b==", "found '==', expected: ',' or 'end of string'"),
        ("!a=b", "found '=', expected: ',' or 'end of string'"),
        ("a=(", "unable to parse requirement: found '(', expected: identifier"),
        ("n>x", f"unable to parse requirement: {NOT_AN_INTEGER}"),
    ],
)
def test_label_selector_errors(text: str, message: str) -> None:
    """A broken selector says what was found and what was expected."""
    with pytest.raises(labels.SelectorError) as caught:
        labels.parse(text)
    assert str(caught.value) == message


def test_bad_keys_and_values_are_shown() -> None:
    """A key is checked before its operator, a value with its place."""
    with pytest.raises(
        labels.SelectorError, match=r'requirement: <nil>: Invalid value: "-a": name'
    ):
        labels.parse("-a=b")
    with pytest.raises(
        labels.SelectorError, match=r'values\[0\]\[a\]: Invalid value: "-b": a valid'
    ):
        labels.parse("a=-b")


def test_label_selector_objects() -> None:
    """The object form gives the text that scale subresources show, sorted by key."""
    selector = labels.selector_from_label_selector(
        {
            "matchLabels": {"b": "2", "a": "1"},
            "matchExpressions": [
                {"key": "d", "operator": "DoesNotExist"},
                {"key": "c", "operator": "In", "values": ["y", "x"]},
            ],
        }
    )
    assert str(selector) == "a=1,b=2,c in (x,y),!d"
    assert selector.matches({"a": "1", "b": "2", "c": "x"})
    assert not selector.matches({"a": "1", "b": "2", "c": "x", "d": ""})
    assert not labels.selector_from_label_selector(None).matches({})
    assert labels.selector_from_label_selector({}).matches({"a": "1"})


WORD = st.text("abcxyz", min_size=1, max_size=3)
REQUIREMENT = st.one_of(
    st.builds(labels.Requirement, WORD, st.sampled_from(["exists", "!"]), st.just(())),
    st.builds(
        lambda key, operator, value: labels.requirement(key, operator, [value]),
        WORD,
        st.sampled_from(["=", "==", "!="]),
        WORD,
    ),
    st.builds(
        labels.requirement, WORD, st.sampled_from(["in", "notin"]), st.sets(WORD, min_size=1)
    ),
)


@given(st.lists(REQUIREMENT))
def test_text_of_a_selector_reads_back(requirements: list[labels.Requirement]) -> None:
    """Text and selector are two forms of the same thing."""
    selector = labels.Selector(requirements)
    assert labels.parse(str(selector)) == selector


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", True),
        ("metadata.name=a", True),
        ("metadata.name==a,", True),
        ("metadata.name!=a", False),
        ("spec.nodeName=", True),
        ("spec.nodeName!=", False),
        ("metadata.name=a,metadata.name=b", False),
        (r"x=1\,2\=3\\", True),
    ],
)
def test_field_selection(text: str, want: bool) -> None:
    """A missing field is the empty text; values may be escaped."""
    assert fields.parse(text).matches({"metadata.name": "a", "x": "1,2=3\\"}) is want


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "invalid selector: 'nonsense'; can't understand 'nonsense'"),
        ("a=b,c>d", "invalid selector: 'a=b,c>d'; can't understand 'c>d'"),
        ("a=b=c", "invalid field selector: unescaped character in value: 61"),
        (r"a=\b", r"invalid field selector: invalid escape sequence: \b"),
        ("a=b\\", "invalid field selector: invalid escape sequence: \\"),
    ],
)
def test_field_selector_errors(text: str, message: str) -> None:
    """A part that is no comparison is shown with the whole selector."""
    with pytest.raises(fields.SelectorError) as caught:
        fields.parse(text)
    assert str(caught.value) == message


@given(st.lists(st.builds(fields.Term, WORD, st.text("ab,=\\", max_size=4), st.booleans())))
def test_text_of_a_field_selector_reads_back(terms: list[fields.Term]) -> None:
    """Escapes survive the way to text and back."""
    selector = fields.Selector(terms)
    assert fields.parse(str(selector)) == selector


def test_field_labels_are_converted() -> None:
    """A term whose field and value become empty is dropped, an error is passed on."""
    selector = fields.parse("a=1,b!=2")
    assert str(selector.transform(lambda field, value: (field.upper(), value))) == "A=1,B!=2"
    assert selector.transform(lambda _field, _value: ("", "")).empty
    assert selector.required_value("a") == "1"
    assert selector.required_value("b") is None
