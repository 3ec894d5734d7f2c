"""Nested stacks whose templates lie beside the template, as `aws cloudformation package` and `sam package` take them.

Their parameters are those that the template passes, their outputs what `Fn::GetAtt` of `Outputs.NAME` reads
(CloudFormation guide, nested stacks).  A template behind a URL is not fetched: what it makes is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers.cloudformation.functions import Gap, Resolver
from perimeter_smt.organization.readers.cloudformation.load import load_template
from perimeter_smt.organization.readers.cloudformation.names import Names
from perimeter_smt.policy.json_positions import Node

# Types that nest a template, and the property that tells where it lies.
TYPES = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
_DEEPEST = 10  # templates in one another
_ENDING = "1a2b3c4d5e6f"
Given = Mapping[str, Any]
Parameters = Callable[[Node | None, Mapping[str, str], frozenset[str]], dict[str, Any]]


class Nested:
    """The templates that one template nests, by logical name."""

    def __init__(self, file: Path, resolver: Resolver, parameters: Parameters, above: tuple[Path, ...] = ()) -> None:
        self.file, self.resolver, self.parameters = file, resolver, parameters
        self.above = (*above, file.resolve())
        self._made: dict[str, tuple[Path, Node, Resolver] | None] = {}
        resolver.nested = self

    def files(self) -> Iterator[Path]:
        """The files that this template nests, those that they nest in turn among them."""
        for logical in self.resolver.resources:
            if (found := self.of(logical)) is not None:
                yield found[0].resolve()
                assert found[2].nested is not None
                yield from found[2].nested.files()

    def of(self, logical: str) -> tuple[Path, Node, Resolver] | None:
        """File, template and resolver of a nested stack; None where its template does not lie here."""
        if logical not in self._made:
            self._made[logical] = None  # one that needs itself is not known
            self._made[logical] = self._read(logical)
        return self._made[logical]

    def output(self, logical: str, name: str) -> Any:
        """An output of a nested stack; Gap where it is not known."""
        found = self.of(logical)
        if found is None:
            raise Gap(f"`{logical}.Outputs.{name}`")
        _, template, resolver = found
        outputs = _members(template.value.get("Outputs") if isinstance(template.value, dict) else None)
        members = _members(outputs.get(name))
        if "Value" not in members:
            raise Gap(f"`{logical}.Outputs.{name}`, which the nested template has not")
        if "Condition" in members and not resolver.holds(str(members["Condition"].value)):
            raise Gap(f"`{logical}.Outputs.{name}`, which is not there")
        return resolver.value(members["Value"])

    def _read(self, logical: str) -> tuple[Path, Node, Resolver] | None:
        node = self.resolver.resources[logical]
        members = _members(node)
        kind = str(members["Type"].value) if "Type" in members else ""
        properties = _members(members.get("Properties"))
        path = self._path(properties.get(TYPES[kind])) if kind in TYPES else None
        if path is None and kind in TYPES:  # CDK passes a place in a bucket, and says beside which file goes there
            path = self._path(_members(members.get("Metadata")).get("aws:asset:path"))
        if path is None or len(self.above) > _DEEPEST or path.resolve() in self.above:
            return None
        try:
            template = load_template(path, path.read_bytes().decode("utf-8-sig"))
        except (InputError, OSError, UnicodeDecodeError):
            return None  # what it makes is named
        if not isinstance(template.value, dict) or not _members(template.value.get("Resources")):
            return None
        given, unknown = self._given(properties.get("Parameters"))
        values = self.parameters(template.value.get("Parameters"), given, unknown)
        names = self.resolver.names
        own = Names(names.account, names.region, f"{names.stack}-{logical}-{_ENDING}")
        resolver = Resolver(template.value, values, own)
        resolver.exports = self.resolver.exports
        Nested(path, resolver, self.parameters, self.above)
        return path, template, resolver

    def _path(self, node: Node | None) -> Path | None:
        """The file at a relative path; None for a URL, an absolute path, and where there is none."""
        try:
            text = self.resolver.value(node)
        except Gap:
            return None
        if not isinstance(text, str) or "://" in text or not text or Path(text).is_absolute():
            return None
        found = self.file.parent / text
        return found if found.is_file() else None

    def _given(self, node: Node | None) -> tuple[dict[str, str], frozenset[str]]:
        """Values that the template passes, and the names of those that are not known."""
        out: dict[str, str] = {}
        unknown: set[str] = set()
        for name, child in _members(node).items():
            try:
                value = self.resolver.value(child)
            except Gap:
                unknown.add(name)
                continue
            if value is not None:
                out[name] = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        return out, frozenset(unknown)


def _members(node: Any) -> dict[str, Node]:
    return node.value if isinstance(node, Node) and isinstance(node.value, dict) else {}
