"""The public cases of the CEL specification: which of them apply here, and how one is run.

The cases come from the npm package of their JavaScript form. A case that uses what the API does not
have is left out by a rule about what the case uses, never by its name or its result.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter

from kapi.cel.environment import Environment
from kapi.cel.functions import Functions
from kapi.cel.library import kubernetes_functions
from kapi.cel.syntax import CompileError
from kapi.cel.types import DURATION, DYN, NULL, TIMESTAMP, TYPE, Type, list_of, map_of
from kapi.cel.values import CelError, TypeValue, Uint

PRIMITIVES = {
    "BOOL": "bool",
    "INT64": "int",
    "UINT64": "uint",
    "DOUBLE": "double",
    "STRING": "string",
    "BYTES": "bytes",
}
WELL_KNOWN = {"TIMESTAMP": TIMESTAMP, "DURATION": DURATION}

_CODE = re.compile(
    r"""[bB]?[rR]?(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""", re.DOTALL
)
# What an expression of the API cannot name.
_MESSAGES = re.compile(
    r"TestAllTypes|TestRequired|NestedEnum|NestedTestAllTypes|GlobalEnum|"
    r"google\.protobuf\.(?!Timestamp\b|Duration\b)|proto\.(getExt|hasExt)|"
    r"google\.protobuf\.(Timestamp|Duration)\{|\bcel\.expr\.conformance|Value\{|Struct\{"
)
_LIBRARIES = re.compile(
    r"\b(math\.(greatest|least|ceil|floor|round|trunc|abs|sign|is\w+|bit\w+|sqrt)|"
    r"base64\.(encode|decode)|cel\.(bind|block|index|iterVar|accuVar))\b|\.reverse\("
)


class NotApplicable(Exception):
    """A case that uses what the API does not have; the text is the reason."""


def reason_against(case):
    """Why a case does not apply, if it does not."""
    original = case["original"]
    source = _CODE.sub("''", original["expr"])
    text = json.dumps({key: original[key] for key in original if key not in ("expr", "name")})
    if _MESSAGES.search(source) or "objectValue" in text or "messageType" in text:
        return "protobuf messages"
    if "enumValue" in text or '"wrapper"' in text:
        return "protobuf messages"
    if original.get("disableCheck") and "error" in case:
        return "expressions that do not pass the type check"
    if original.get("container"):
        return "containers of names"
    if _LIBRARIES.search(source):
        return "libraries that are not enabled"
    if ".format(" in source:
        return "the newer version of format"
    return None


def type_of(described):
    """A type from its protobuf form."""
    (kind, value), *_ = described.items()
    if kind == "primitive":
        return Type(PRIMITIVES[value])
    if kind == "wellKnown" and value in WELL_KNOWN:
        return WELL_KNOWN[value]
    if kind == "dyn":
        return DYN
    if kind == "null":
        return NULL
    if kind == "type":
        return TYPE
    if kind == "listType":
        return list_of(type_of(value.get("elemType", {"dyn": {}})))
    if kind == "mapType":
        return map_of(type_of(value["keyType"]), type_of(value["valueType"]))
    if kind == "abstractType":
        return Type(value["name"], tuple(map(type_of, value.get("parameterTypes", ()))))
    if kind == "typeParam":
        return Type(value)
    raise NotApplicable(f"the type {kind}")


def value_of(described):
    """A value from its protobuf form."""
    (kind, value), *_ = described.items()
    if kind == "int64Value":
        return int(value)
    if kind == "uint64Value":
        return Uint(int(value))
    if kind == "doubleValue":
        return float(value)
    if kind in ("stringValue", "boolValue"):
        return value
    if kind == "bytesValue":
        return base64.b64decode(value)
    if kind == "nullValue":
        return None
    if kind == "listValue":
        return [value_of(item) for item in value.get("values", ())]
    if kind == "mapValue":
        entries = value.get("entries", ())
        return {value_of(entry["key"]): value_of(entry["value"]) for entry in entries}
    if kind == "typeValue":
        return TypeValue(value)
    raise NotApplicable(f"the value {kind}")


def same(found, wanted):
    """Whether two values are equal and of one type, NaN being equal to itself."""
    if isinstance(wanted, float):
        if not isinstance(found, float):
            return False
        return found == wanted or (math.isnan(found) and math.isnan(wanted))
    if isinstance(wanted, list):
        return (
            isinstance(found, list) and len(found) == len(wanted) and all(map(same, found, wanted))
        )
    if isinstance(wanted, dict):
        return (
            isinstance(found, dict)
            and len(found) == len(wanted)
            and all(key in found and same(found[key], wanted[key]) for key in wanted)
        )
    return type(found) is type(wanted) and found == wanted


def environment_of(original):
    variables, functions = {}, kubernetes_functions()
    for declared in original.get("typeEnv", ()):
        if "ident" in declared:
            variables[declared["name"]] = type_of(declared["ident"]["type"])
        else:
            functions = Functions(functions.overloads)
            for form in declared["function"]["overloads"]:
                declare(functions, declared["name"], form)
    return Environment(variables, functions=functions, homogeneous=False)


def declare(functions, name, form):
    listed = [written(type_of(param)) for param in form.get("params", ())]
    result = written(type_of(form["resultType"]))
    if form.get("isInstanceFunction"):
        signature = f"{listed[0]}.({', '.join(listed[1:])}) -> {result}"
    else:
        signature = f"({', '.join(listed)}) -> {result}"
    functions.declare(name, signature, lambda *_: None)


def written(kind):
    if not kind.params:
        return kind.name
    return f"{kind.name}<{', '.join(map(written, kind.params))}>"


def problem_of(case):
    """What is wrong with the outcome of a case; empty if nothing is. Raises NotApplicable."""
    original = case["original"]
    environment = environment_of(original)
    bindings = {
        name: value_of(bound["value"]) for name, bound in original.get("bindings", {}).items()
    }
    typed = original.get("typedResult", {})
    wanted = original.get("value", typed.get("result"))
    if wanted is None and "evalError" not in original and not original.get("checkOnly"):
        wanted = {"boolValue": True}
    expected = value_of(wanted) if wanted is not None else None
    try:
        program = environment.compile(original["expr"])
        found = None if original.get("checkOnly") else program.evaluate(bindings)
    except (CompileError, CelError) as error:
        return "" if "evalError" in original else str(error)
    if "deducedType" in typed and str(program.type) != case["type"]:
        return f"is of type {program.type}, not {case['type']}"
    if original.get("checkOnly"):
        return ""
    if "evalError" in original:
        return f"is {found!r}, not an error: {original['evalError']['errors'][0]['message']}"
    return "" if same(found, expected) else f"is {found!r}, not {expected!r}"


def run(cases):
    """How many cases pass, how many of which kind do not apply, and what is wrong with others."""
    passed, left_out, problems = 0, Counter(), []
    for path, case in cases:
        reason = reason_against(case)
        try:
            problem = "" if reason else problem_of(case)
        except NotApplicable as error:
            reason = str(error)
        if reason:
            left_out[reason] += 1
        elif problem:
            problems.append(f"{path}: {case['original']['expr']}: {problem}")
        else:
            passed += 1
    return passed, left_out, problems


def cases_of(suite, path=""):
    """All cases below a suite with the names that lead to them."""
    for each in suite.get("suites", ()):
        yield from cases_of(each, f"{path}{each['name']}/")
    for case in suite.get("tests", ()):
        yield f"{path}{case['original']['name']}", case
