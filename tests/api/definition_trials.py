"""Trials of a definition: instances made from its schema, stored and refused."""

from __future__ import annotations

from collections import Counter

from schema_instances.expectations import (
    with_defaults,
    with_junk,
    with_nulls,
    without_nulls,
)
from schema_instances.generator import Generator, Unreachable
from schema_instances.locations import field
from schema_instances.twins import twins

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def versions_alone(definition):
    """A definition for each different schema, with that version only, converted by nothing."""
    seen = []
    for version in definition["spec"]["versions"]:
        schema = version["schema"]["openAPIV3Schema"]
        if schema in seen:
            continue
        seen.append(schema)
        alone = {**version, "served": True, "storage": True}
        spec = {**definition["spec"], "versions": [alone], "conversion": {"strategy": "None"}}
        meta = {
            key: value
            for key, value in definition["metadata"].items()
            if key in {"name", "annotations"}
        }
        yield {**definition, "metadata": meta, "spec": spec, "status": None}


class Trial:
    """One version of a definition on a server."""

    def __init__(self, cluster, definition):
        self.cluster = cluster
        self.definition = definition
        spec = definition["spec"]
        self.version = spec["versions"][0]
        self.schema = self.version["schema"]["openAPIV3Schema"]
        self.has_status = "status" in (self.version.get("subresources") or {})
        self.api_version = f"{spec['group']}/{self.version['name']}"
        place = "/namespaces/default" if spec["scope"] == "Namespaced" else ""
        self.path = f"/apis/{self.api_version}{place}/{spec['names']['plural']}"
        self.counts = Counter()
        self.excluded = Counter()
        self.failures = []
        self.places = []
        self.generator = None
        self.left_out = 0

    def instance(self, name, body):
        """A whole object."""
        kind = self.definition["spec"]["names"]["kind"]
        return {
            "apiVersion": self.api_version,
            "kind": kind,
            "metadata": {"name": name},
            **body,
        }

    def content(self, obj):
        """What a client wrote of an object, and what was made of that."""
        return {key: value for key, value in obj.items() if key != "metadata"}

    async def run(self):
        """All trials; what went wrong is in ``failures``."""
        made = self._generate()
        if made is None:
            self.excluded["the schema has no instance"] += 1
            return
        name, minimal, full = made
        self.left_out = self.generator.left_out
        await self._round_trip(name, minimal)
        await self._round_trip(name, full)
        if self.failures:  # what comes now would fail as well
            return
        await self._nulls(name, minimal)
        await self._nulls(name, full)
        await self._changes(name, minimal, full)
        await self._twins(name)

    def _generate(self):
        """A name and the instances; some rules accept only one name."""
        for name in ("one", "default"):
            self.generator = Generator(self.schema, {"name": name})
            try:
                root = self.generator.schema
                return name, self.generator.minimal(root), self.generator.full(root)
            except Unreachable:
                continue
        return None

    def _check(self, what, *, holds, shown=""):
        self.counts[what] += 1
        if not holds:
            self.failures.append(f"{self.api_version} {what}: {shown}"[:2000])

    def _expected(self, body):
        """What is stored of a body: completed by defaults, without a status of its own."""
        given = {k: v for k, v in body.items() if not (self.has_status and k == "status")}
        return with_defaults(self.schema, given)

    def _equal(self, what, answer, code, expected):
        same = answer.status_code == code
        if same:
            got = self.content(answer.json())
            wanted = self.content(self.instance("", expected))
            same = got == wanted
            shown = f"{got}\nwanted {wanted}"
        else:
            shown = answer.text
        self._check(what, holds=same, shown=shown)
        return answer.json() if same else None

    async def _round_trip(self, name, body):
        """Create, get, list, update without a change, delete; unknown fields are pruned."""
        cluster, path = self.cluster, f"{self.path}/{name}"
        junk = with_junk(self.generator.schema, body)
        expected = self._expected(body)
        answer = await cluster.post(self.path, self.instance(name, junk))
        created = self._equal("create", answer, 201, expected)
        if created is None:
            return
        got = self._equal("get", await cluster.get(path), 200, expected)
        listed = (await cluster.get(self.path)).json()["items"]
        self._check("list", holds=listed == [got], shown=listed)
        answer = await cluster.put(path, created)
        self._equal("update", answer, 200, expected)
        version = answer.json()["metadata"].get("resourceVersion")
        unchanged = version == created["metadata"]["resourceVersion"]
        self._check("update without a change", holds=unchanged, shown=answer.text)
        if self.has_status and "status" in body:
            await self._status_round_trip(path, body["status"], expected)
        await cluster.delete(path)
        await self._apply(name, body, expected)

    async def _nulls(self, name, body):
        """Nulls are dropped, replaced by defaults, or kept where a field is nullable."""
        schema = self.generator.schema
        nulls = with_nulls(schema, body)
        answer = await self.cluster.post(self.path, self.instance(name, nulls), dryRun="All")
        expected = self._expected(without_nulls(schema, nulls))
        self._equal("create with nulls", answer, 201, expected)

    async def _status_round_trip(self, path, status, expected):
        read = (await self.cluster.get(path)).json()
        answer = await self.cluster.put(f"{path}/status", {**read, "status": status})
        filled = with_defaults(self.schema["properties"]["status"], status)
        self._equal("update of status", answer, 200, {**expected, "status": filled})

    async def _apply(self, name, body, expected):
        """Apply makes the same object, and again changes nothing."""
        path, applied = f"{self.path}/{name}", self.instance(name, body)
        if self.has_status:
            applied.pop("status", None)
        answer = await self.cluster.apply(path, applied)
        first = self._equal("apply", answer, 201, expected)
        again = await self.cluster.apply(path, applied)
        second = self._equal("apply again", again, 200, expected)
        # An apply that owned nothing is as if there had been none.
        if first and second and "managedFields" in first["metadata"]:
            self._check("apply without a change", holds=first == second, shown=second)
        await self.cluster.delete(path)

    async def _changes(self, name, minimal, full):
        """A small object becomes the full one by update, and small again by merge patch."""
        path = f"{self.path}/{name}"
        created = await self.cluster.create(self.path, self.instance(name, minimal))
        body = {**self.instance(name, full), "metadata": created["metadata"]}
        answer = await self.cluster.put(path, body)
        transition = "oldSelf" in str(self.schema)
        if transition and answer.status_code == 422:
            self.excluded["a transition rule forbids the update"] += 1
        else:
            self._equal("update to full", answer, 200, self._expected(full))
        await self.cluster.delete(path)

    async def _twins(self, name):
        """Every broken twin is refused at its field."""
        await self.cluster.create(
            self.path, self.instance(name, self.generator.minimal(self.generator.schema))
        )

        def exclude(reason, path):
            self.excluded[reason] += 1
            self.places.append(f"{reason}: {self.api_version} {field(path)}")

        for twin in twins(self.generator, exclude, "status" if self.has_status else None):
            if self.has_status and twin.path[:1] == (("property", "status"),):
                answer = await self._refused_status(name, twin)
            else:
                body = self.instance(f"{name}-2" if name == "one" else name, twin.instance)
                answer = await self.cluster.post(self.path, body, dryRun="All")
            self._judge(twin, answer)
        await self.cluster.delete(f"{self.path}/{name}")

    async def _refused_status(self, name, twin):
        patch = [{"op": "add", "path": "/status", "value": twin.instance["status"]}]
        return await self.cluster.patch("json", f"{self.path}/{name}/status", patch, dryRun="All")

    def _judge(self, twin, answer):
        what = f"refusal by {twin.keyword}"
        if answer.status_code != 422:
            self._check(what, holds=False, shown=f"{twin} {answer.text}")
            return
        causes = answer.json()["details"].get("causes") or []
        told = any(
            cause["field"] == twin.field
            and cause["reason"] == twin.reason
            and twin.text in cause["message"]
            for cause in causes
        )
        strange = [cause for cause in causes if not _explained(cause["field"], twin.field)]
        self._check(what, holds=told and not strange, shown=f"{twin} {causes}")


def _explained(place, broken):
    """Whether a cause may come with a break: told at the field, around it or below it."""
    if place.startswith(("<nil>", ".")) or broken == "<nil>":
        return True
    one, other = (text.replace("]", "").replace("[", ".").split(".") for text in (place, broken))
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
