"""Extensions: what may be declared, what is refused and with which words."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from kapi import ext
from kapi.ext.modules import load_extensions


@dataclass
class Spec:
    """A thing."""

    size: int = 1


@dataclass
class OldSpec:
    length: int


@dataclass
class Status:
    ready: bool = False


def declared(**options):
    extension = ext.Extension("example.com")
    extension.resource(**{"version": "v1", "kind": "Thing", **options})(Spec)
    return extension


def definition(extension):
    [found] = extension.declarations()
    return found.definition()


def test_a_class_is_a_definition():
    """Names come from the class, and nothing of the definition is left to defaults."""
    extension = ext.Extension("example.com")

    @extension.resource(version="v1", status=Status)
    @dataclass
    class PolicySpec:
        """A policy."""

        size: int = 1

    assert definition(extension)["spec"] == {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {
            "plural": "policies",
            "singular": "policy",
            "kind": "Policy",
            "listKind": "PolicyList",
        },
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "description": "A policy.",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "description": "A policy.",
                                "default": {},
                                "properties": {
                                    "size": {"type": "integer", "format": "int64", "default": 1}
                                },
                            },
                            "status": {
                                "type": "object",
                                "properties": {"ready": {"type": "boolean", "default": False}},
                            },
                        },
                    }
                },
            }
        ],
        "conversion": {"strategy": "None"},
    }


def test_options_stand_in_the_definition():
    """Scope, names, columns, scale, rules and so on are those of the definition."""
    spec = definition(
        declared(
            scope="Cluster",
            plural="thingies",
            short_names=["th"],
            categories=["all"],
            scale=ext.Scale(spec_replicas=".spec.size", status_replicas=".status.size"),
            columns=[ext.Column("Size", "integer", ".spec.size", "How big.", priority=1), ext.AGE],
            rules=[ext.Rule("self.spec.size > 0", message="too small")],
            selectable_fields=[".spec.size"],
            deprecated="use something else",
        )
    )["spec"]
    [version] = spec["versions"]
    assert (spec["scope"], spec["names"]["plural"]) == ("Cluster", "thingies")
    assert (spec["names"]["shortNames"], spec["names"]["categories"]) == (["th"], ["all"])
    assert version["subresources"] == {
        "scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}
    }
    assert version["additionalPrinterColumns"] == [
        {
            "name": "Size",
            "type": "integer",
            "jsonPath": ".spec.size",
            "description": "How big.",
            "priority": 1,
        },
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]
    schema = version["schema"]["openAPIV3Schema"]
    assert schema["x-kubernetes-validations"] == [
        {"rule": "self.spec.size > 0", "message": "too small"}
    ]
    assert version["selectableFields"] == [{"jsonPath": ".spec.size"}]
    assert (version["deprecated"], version["deprecationWarning"]) == (True, "use something else")


def two_versions(**options):
    extension = declared()
    extension.resource(version="v1beta1", kind="Thing", **options)(OldSpec)
    return extension


def test_the_most_stable_version_is_stored():
    """Without a word about it v1 goes before v1beta1; storage=True says otherwise."""
    for options, stored in (({}, "v1"), ({"storage": True}, "v1beta1")):
        extension = two_versions(**options)
        extension.convert(Spec, OldSpec)(lambda spec: OldSpec(spec.size))
        extension.convert(OldSpec, Spec)(lambda spec: Spec(spec.length))
        versions = definition(extension)["spec"]["versions"]
        assert [v["name"] for v in versions if v["storage"]] == [stored]


def test_one_class_for_several_versions_needs_no_conversion():
    """Versions that differ by name only are converted by nothing."""
    extension = declared()
    extension.resource(version="v2", kind="Thing")(Spec)
    [found] = extension.declarations()
    assert found.converted() is False


def refused(declare, *arguments, **options):
    with pytest.raises(ext.DeclarationError) as caught:
        declare(*arguments, **options)
    return str(caught.value)


def test_what_no_server_could_serve_is_refused():
    """Rules for definitions hold for declarations, before there is a server."""

    class Plain:
        pass

    @dataclass
    class Needy:
        size: int

    assert refused(ext.Extension("example.com").declarations) == (
        "extension example.com declares no resource"
    )
    empty = ext.Extension("example.com")
    assert refused(empty.resource(version="v1"), Plain) == (
        "Plain is neither a dataclass nor a pydantic model; put @dataclass below @resource"
    )
    assert refused(empty.resource(version="v1", status=Needy), Spec) == (
        "Needy: objects start without a status, so size need a default or None"
    )
    assert refused(declared(version="V1").declarations).startswith(
        'Thing: spec.versions[0].name: Invalid value: "V1": a DNS-1035 label must'
    )
    message = refused(declared(rules=[ext.Rule("self.spec.length > 0")]).declarations)
    assert "undefined field 'length'" in message
    odd = declared(scale=ext.Scale(spec_replicas="size"))
    assert "specReplicasPath" in refused(odd.declarations)


def test_versions_must_agree():
    """One kind has one name, one scope, one stored version, and a way between its versions."""
    twice = declared()
    assert refused(twice.resource(version="v1", kind="Thing"), OldSpec) == (
        "Thing: v1 is declared twice"
    )
    other = declared(short_names=["th"])
    assert refused(other.resource(version="v2", kind="Thing", short_names=["x"]), OldSpec) == (
        "Thing: all versions share short_names, and another one says ['th']"
    )
    assert refused(two_versions().declarations) == (
        "Thing: a @convert function from OldSpec to Spec is missing; v1 is what is stored"
    )
    both = declared(storage=True)
    both.resource(version="v2", kind="Thing", storage=True)(OldSpec)
    assert refused(both.declarations) == "Thing: both v1 and v2 say storage=True"
    uneven = two_versions(status=Status)
    uneven.convert(Spec, OldSpec)(lambda spec: OldSpec(spec.size))
    uneven.convert(OldSpec, Spec)(lambda spec: Spec(spec.length))
    assert refused(uneven.declarations) == "Thing: v1beta1 and v1 both need a status, or neither"


def test_functions_that_could_not_be_called_are_refused():
    """Parameters have the names of what is given."""
    extension = declared()
    assert refused(extension.validate, OldSpec) == (
        "@validate: OldSpec is not declared with @resource before"
    )

    def odd(thing, user):
        pass

    async def waits(thing, client):
        pass

    def none():
        pass

    def rest(thing, *more):
        pass

    def client(thing, client):
        pass

    validate = extension.validate(Spec)
    assert refused(validate, odd) == (
        "@validate odd: nothing is given for the parameter user, only old, request"
    )
    assert refused(validate, none) == "@validate none: its first parameter is the object"
    assert refused(validate, rest) == ("@validate rest: name the parameters, *more says nothing")
    assert refused(validate, client) == (
        "@validate client: nothing is given for the parameter client, only old, request"
    )
    assert refused(extension.validate(Spec, thread=True), waits) == (
        "@validate waits: thread=True is for plain functions"
    )
    assert refused(extension.validate, Spec, on="delete") == (
        "@validate: on is object or status, not 'delete'"
    )


def test_functions_are_for_the_stored_version():
    """A rule for a version that is only served would judge what nobody stores."""
    extension = two_versions()
    extension.convert(Spec, OldSpec)(lambda spec: OldSpec(spec.size))
    extension.convert(OldSpec, Spec)(lambda spec: Spec(spec.length))

    @extension.validate(OldSpec)
    def check(thing):
        pass

    assert refused(extension.declarations) == (
        "@validate check: is for OldSpec, but objects are judged as v1 (Spec), the stored version; "
        "@convert brings others there"
    )


def test_conversions_and_subresources_that_mean_nothing_are_refused():
    """Names, methods and classes are checked where they stand."""
    extension = declared()

    async def waits(spec):
        pass

    assert refused(extension.convert, Spec, Status) == (
        "@convert: Spec and Status are no versions of one resource; declare both with @resource "
        "before"
    )
    assert refused(extension.convert(Spec, Spec), waits) == (
        "@convert waits: conversions are plain functions"
    )
    assert refused(extension.subresource, Spec, "status") == (
        "@subresource: 'status' cannot be the name of a subresource"
    )
    assert refused(extension.subresource, Spec, "a", "PATCH").startswith(
        "@subresource a: the method is one of "
    )

    def bad(thing, body: complex):
        pass

    def get(thing):
        pass

    assert refused(extension.subresource(Spec, "a", "POST"), bad).startswith(
        "bad(body): complex has no structural schema"
    )
    extension.subresource(Spec, "b")(get)
    assert refused(extension.subresource(Spec, "b"), get) == (
        "@subresource get: GET b is answered already"
    )


def write(path, text):
    path.write_text(text)
    return str(path)


def test_extensions_are_found_by_name(tmp_path, monkeypatch):
    """A file, a module and an attribute of either."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    source = (
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\nfrom kapi import ext\n"
        "one = ext.Extension('one.example.com')\ntwo = ext.Extension('two.example.com')\n"
        "again = one\n"
        "@one.resource(version='v1')\n@dataclass\nclass Thing:\n    parts: list[str]\n"
    )
    path = write(tmp_path / "found_by_path.py", source)
    write(tmp_path / "found_by_name.py", source)
    assert [e.group for e in load_extensions(path)] == ["one.example.com", "two.example.com"]
    assert load_extensions(path) == load_extensions("./found_by_path.py")
    assert [e.group for e in load_extensions("found_by_name:two")] == ["two.example.com"]
    assert len(load_extensions("found_by_name")) == 2


def test_what_cannot_be_loaded_is_told_in_one_line(tmp_path, monkeypatch):
    """The name that was given, what is wrong, and where."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    broken = write(tmp_path / "broken_extension.py", "x = 1\n\ny = 1 / 0\n")
    write(tmp_path / "empty_extension.py", "x = 1\n")
    assert refused(load_extensions, "no_such_module:x") == (
        "no_such_module:x cannot be imported: ModuleNotFoundError: No module named 'no_such_module'"
    )
    assert refused(load_extensions, "./nothing.py") == "./nothing.py: there is no such file"
    assert refused(load_extensions, broken) == (
        f"{broken} cannot be imported: ZeroDivisionError: division by zero ({broken}:3)"
    )
    wrong = write(
        tmp_path / "wrong_extension.py",
        "from dataclasses import dataclass\nfrom kapi import ext\n\n"
        "e = ext.Extension('a.example.com')\n\n"
        "@e.resource(version='v1')\n@dataclass\nclass Thing:\n    x: set\n",
    )
    assert refused(load_extensions, wrong) == (
        f"{wrong}: Thing.x: say what is in the set: set[str] ({wrong}:6)"
    )
    assert refused(load_extensions, "empty_extension") == (
        "empty_extension: there is no ext.Extension in the module"
    )
    assert refused(load_extensions, "empty_extension:x") == (
        "empty_extension:x: x is a int, an ext.Extension is wanted"
    )
    assert refused(load_extensions, "empty_extension:z") == (
        "empty_extension:z: z is not there, an ext.Extension is wanted"
    )
    taken = write(tmp_path / "json.py", "")
    assert refused(load_extensions, taken) == (
        f"{taken}: another module is called json; rename the file"
    )


def test_functions_can_be_called_without_a_server():
    """An object made for a test is what functions are given."""
    extension = declared(status=Status)

    @extension.mutate(Spec)
    def grow(thing):
        thing.spec.size += 1
        thing.metadata.labels["grown"] = "yes"

    thing = extension.object(Spec(2), name="a", labels={"x": "y"}, status=Status(ready=True))
    grow(thing)
    assert (thing.metadata.name, thing.spec, thing.status) == ("a", Spec(3), Status(ready=True))
    assert thing.changed()
    assert thing.json == {
        "apiVersion": "example.com/v1",
        "kind": "Thing",
        "metadata": {"name": "a", "labels": {"x": "y", "grown": "yes"}},
        "spec": {"size": 3},
        "status": {"ready": True},
    }
    assert repr(thing) == "<Thing a>"
    assert refused(extension.object, OldSpec(1)) == "OldSpec is not declared with @resource"


def test_metadata_is_typed_and_changed_only_where_it_was():
    """Times are times, what is absent is empty, and looking at it adds nothing."""
    meta = {
        "creationTimestamp": "2026-01-02T03:04:05Z",
        "ownerReferences": [{"uid": "u"}],
        "finalizers": ["a/b"],
        "generation": 3,
    }
    thing = declared().object(Spec(), name="a", **meta)
    found = thing.metadata
    assert found.creation_timestamp.year == 2026
    assert (found.deletion_timestamp, found.labels, found.annotations) == (None, {}, {})
    assert (found.generation, found.uid, found.resource_version) == (3, "", "")
    assert (found.namespace, found.generate_name) == ("", "")
    assert not thing.changed()
    found.finalizers.clear()
    found.owner_references[0]["uid"] = "v"
    assert thing.changed()
    assert thing.json["metadata"] == {
        "name": "a",
        "creationTimestamp": "2026-01-02T03:04:05Z",
        "ownerReferences": [{"uid": "v"}],
        "generation": 3,
    }
