"""Field of an ARN that no ARN of the resource has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from perimeter_smt.errors import did_you_mean
from perimeter_smt.lint.rule import IAM_GUIDE, Finding, Rule
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.operators import Family
from perimeter_smt.request.actions import resource_types, services
from perimeter_smt.request.partitions import partition_of_region, partitions

_OPEN = re.compile(r"[*?$<>\[\]{}]")
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_PARTITION = re.compile(r"aws(-[a-z]+)+")
_PLACEHOLDERS = ("partition", "service")  # as in AWS's guides: `arn:partition:service:region:account:resource`
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]+")


@lru_cache(maxsize=1)
def _shapes() -> dict[str, frozenset[tuple[str, str, str]]]:
    """Region, account and resource of every ARN of the reference, by the service that stands in the ARN."""
    found: dict[str, set[tuple[str, str, str]]] = {}
    for service in services():
        for kind in resource_types(service):
            fields = kind.arn.split(":", 5)
            if len(fields) == 6:
                found.setdefault(fields[2], set()).add((fields[3], fields[4], fields[5]))
    return {service: frozenset(shapes) for service, shapes in found.items()}


@lru_cache(maxsize=16384)
def _starts_alike(resource: str, shape: str) -> bool:
    """Whether a resource of this shape may be meant, judged up to the first character that is left open."""
    start = _OPEN.split(resource, maxsplit=1)[0]
    whole = start == resource
    names = [re.escape(piece) for piece in _VARIABLE.split(shape)]
    if whole:
        return re.fullmatch(".*".join(names), resource, re.DOTALL) is not None
    literal = _VARIABLE.split(shape, maxsplit=1)[0]
    return literal.startswith(start) or start.startswith(literal)


def _plain(partition: str, region: str, account: str) -> Iterator[str]:
    """What is wrong with these fields, whatever the resource."""
    if (
        not _OPEN.search(partition)
        and partition not in partitions()
        and not _PARTITION.fullmatch(partition)
        and (partition not in _PLACEHOLDERS)
    ):
        yield f"unknown partition {quoted(partition)}, expected one such as `aws`"
    if _REGION.fullmatch(region):
        home = partition_of_region(region)
        if home is None:
            known = [name for one in partitions().values() for name in one.regions]
            yield f"unknown Region {quoted(region)}{did_you_mean(region, known)}"
        elif partition in partitions() and home != partition:
            yield f"Region {quoted(region)} lies in the partition {quoted(home)}"
    if account.isdecimal() and len(account) != 12:
        yield f"account {quoted(account)} has {len(account)} digits, expected 12"


def _of_resource(service: str, region: str, account: str, resource: str) -> Iterator[str]:
    """What is wrong with service, Region and account for what the resource is."""
    shapes = _shapes()
    if not service:
        yield "the service is missing"
    if not service or service in _PLACEHOLDERS or _OPEN.search(service):
        return
    if service not in shapes:
        if service.lower() in shapes:
            yield f"service {quoted(service)} is not in lower case, expected {quoted(service.lower())}"
        elif service not in services():
            near = did_you_mean(service, sorted(shapes))
            if near:
                yield f"unknown service {quoted(service)}{near}"
        return
    fitting = [shape for shape in shapes[service] if _starts_alike(resource, shape[2])]
    if not fitting:
        kind = re.split(r"[/:]", resource, maxsplit=1)[0]
        starts = {re.split(r"[/:$]", shape[2], maxsplit=1)[0] for shape in shapes[service]}
        near = did_you_mean(kind, sorted(starts - {""})) if kind not in starts else ""
        if near and not _OPEN.search(kind):
            yield f"no resource of {quoted(service)} starts with {quoted(kind)}{near}"
    # AWS's own documents and parameters of SSM have no account; those of services may, where every Region is meant
    may_lack_account = service == "ssm" or "*" in region
    for name, value, expected in (
        ("Region", region, {shape[0] for shape in fitting}),
        ("account", account, {shape[1] for shape in fitting}),
    ):
        if expected == {""} and value.strip("*"):
            yield f"{name} {quoted(value)}, but ARNs of this resource have none"
        elif expected and "" not in expected and not value and not (name == "account" and may_lack_account):
            yield f"the {name} is missing"


class ArnFields(Rule):
    """Rule PL056."""

    id = "PL056"
    title = "field of an ARN that no such resource has"
    text = (
        "Each service has ARNs of its own: with or without Region and account, in a partition, of lower-case service. "
        "An entry that differs in one field matches nothing. Write the ARN as the service's page shows it, and a star "
        "for a field that may be anything."
    )
    source = f"{IAM_GUIDE}access-analyzer-reference-policy-checks.html"

    def check(self, document: Document) -> Iterator[Finding]:
        """The findings in resources, and under ARN operators those that need no knowledge of the resource."""
        for statement in document.statements:
            if statement.resource is not None:
                for value in statement.resource.values:
                    for wrong in _wrong(value, resource=True):
                        yield self.found(f"{quoted(value)}: {wrong}", statement.resource.location)
            for condition in statement.conditions:
                if condition.operator.base.family is Family.ARN:
                    for value in condition.values:
                        for wrong in _wrong(value, resource=False):
                            yield self.found(f"{quoted(value)}: {wrong}", condition.location)


def _wrong(arn: str, *, resource: bool) -> Iterator[str]:
    if _VARIABLE.search(arn):
        arn = _VARIABLE.sub("*", arn)
    fields = arn.split(":", 5)
    if len(fields) < 6 or fields[0] != "arn":
        return
    _, partition, service, region, account, rest = fields
    yield from _plain(partition, region, account)
    if resource:
        yield from _of_resource(service, region, account, rest)
