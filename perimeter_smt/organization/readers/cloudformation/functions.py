"""Intrinsic functions: what a template says, with parameters, mappings, conditions and its own resources put in.

What cannot be said becomes a `Gap`, with its name: a parameter without a value, an import, a secret, a macro.
Reference: CloudFormation guide, intrinsic function reference.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from perimeter_smt.organization.readers.cloudformation.loops import MalformedError, expand, has_loops
from perimeter_smt.organization.readers.cloudformation.names import Names
from perimeter_smt.policy.json_positions import Node, Number, quoted

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.cloudformation.exports import Exports
    from perimeter_smt.organization.readers.cloudformation.nested import Nested

_VARIABLE = re.compile(r"\$\{(!?)\s*([^}]*?)\s*\}")
_DYNAMIC = re.compile(r"\{\{resolve:[^}]*\}\}")
REMOVED = object()


class Gap(Exception):  # noqa: N818
    """A part of a template that cannot be said; the message is its name."""


class Undecided(Gap):
    """A condition of which it is not known whether it holds."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"condition `{name}`, which needs {reason}")
        self.name, self.reason = name, reason


_MOST_UNDECIDED = 5  # conditions of one policy that are tried both ways


class Resolver:
    """Resolves nodes of one template. `parameters` are values given or default, as texts or lists of texts."""

    def __init__(self, template: Mapping[str, Node], parameters: Mapping[str, Any], names: Names) -> None:
        self.parameters, self.names = parameters, names
        self.mappings = template.get("Mappings")
        self.declared = _members(template.get("Parameters"))
        self.nested: Nested | None = None  # the templates that this one nests, where they lie here
        self.exports: Exports | None = None  # those of the stacks that lie in the same folder
        self._busy: set[str] = set()
        self._assumed: dict[str, bool] = {}
        self._functions: dict[str, Callable[[Node], Any]] = {
            "Ref": self._ref, "Fn::GetAtt": self._get_att, "Fn::Sub": self._sub, "Fn::Join": self._join,
            "Fn::Select": self._select, "Fn::Split": self._split, "Fn::FindInMap": self._find, "Fn::If": self._if,
            "Fn::ImportValue": self._import, "Fn::Base64": self._base64, "Fn::ToJsonString": self._json,
            "Fn::Length": lambda node: str(len(self.value(node))),
            "Fn::GetAZs": lambda _: [f"{self.names.region}{letter}" for letter in "abc"],
        }  # fmt: skip
        self.resources: dict[str, Node] = {}
        self.conditions = self._looped(_members(template.get("Conditions")))
        self.resources = self._looped(_members(template.get("Resources")))

    def _looped(self, members: dict[str, Node]) -> dict[str, Node]:
        """Members of a section with its loops put in; one whose collection is not known stays as it is written."""
        out: dict[str, Node] = {}
        for name, child in members.items():
            try:
                out.update(expand({name: child}, self._collection))
            except (Gap, MalformedError):
                out[name] = child
        return out

    def _collection(self, node: Node) -> list[str]:
        found = self.value(node)
        if not isinstance(found, list):
            raise Gap("a collection that is no list")
        return [str(item) for item in found]

    def node(self, found: Node) -> Node | None:
        """The node with everything put in, at its lines; None where it is removed. Gap where something is not known."""
        if isinstance(found.value, dict):
            if has_loops(found.value):
                try:
                    made = expand(found.value, self._collection)
                except MalformedError as error:
                    raise Gap(f"a loop: {error}") from None
                return self.node(Node(made, found.line, found.file, found.parent, found.step))
            if name := self._function(found.value):
                value = self._call(name, found.value[name])
                return None if value is REMOVED else self._made(value, found)
            members = {key: self.node(child) for key, child in found.value.items()}
            return self._new({key: child for key, child in members.items() if child is not None}, found)
        if isinstance(found.value, list):
            items = [self.node(child) for child in found.value]
            return self._new([child for child in items if child is not None], found)
        if isinstance(found.value, str) and (secret := _DYNAMIC.search(found.value)):
            raise Gap(quoted(secret.group()))
        return self._new(found.value, found)

    def value(self, found: Node | None) -> Any:
        """As `node`, as plain objects; None where nothing is written."""
        resolved = self.node(found) if found is not None else None
        return None if resolved is None else plain(resolved)

    def text(self, found: Node | None) -> str | None:
        """A text; None where nothing is written."""
        value = self.value(found)
        if value is None or isinstance(value, str):
            return value
        raise Gap(f"a text, found {type(value).__name__}")

    def holds(self, name: str) -> bool:
        """Whether a condition holds; Gap if that is not known."""
        if name in self._assumed:
            return self._assumed[name]
        if name not in self.conditions:
            raise Gap(f"condition `{name}`, which is not declared")
        if name in self._busy:
            raise Gap(f"condition `{name}`, which needs itself")
        self._busy.add(name)
        try:
            return self._truth(self.conditions[name])
        except (TypeError, ValueError, IndexError, KeyError, AttributeError):
            raise Gap(f"condition `{name}`, which is written otherwise than the reference says") from None
        except Undecided:
            raise  # of another condition that this one is made of: tried both ways, the two stay in step
        except Gap as gap:
            raise Undecided(name, str(gap)) from None
        finally:
            self._busy.discard(name)

    def both_ways(self, found: Node, undecided: dict[str, str]) -> list[Node | None]:
        """What `node` makes of it as conditions that are not known may hold; their names and needs are added."""
        try:
            return [self.node(found)]
        except Undecided as gap:
            if len(self._assumed) == _MOST_UNDECIDED:
                raise
            undecided[gap.name] = gap.reason
            out = []
            for holds in (True, False):
                self._assumed[gap.name] = holds
                try:
                    out += self.both_ways(found, undecided)
                finally:
                    del self._assumed[gap.name]
            return out

    def _truth(self, node: Node) -> bool:
        found = _members(node)
        if "Condition" in found:
            return self.holds(str(found["Condition"].value))
        if "Fn::Equals" in found:
            left, right = (self.value(item) for item in _items(found["Fn::Equals"]))
            return bool(left == right)
        if "Fn::Not" in found:
            return not self._truth(_items(found["Fn::Not"])[0])
        for name, decided in (("Fn::And", False), ("Fn::Or", True)):
            if name in found:
                return self._several(_items(found[name]), decided=decided)
        if "Fn::Contains" in found:
            where, what = (self.value(item) for item in _items(found["Fn::Contains"]))
            return what in where
        raise Gap(f"condition function {quoted(next(iter(found), ''))}")

    def _several(self, nodes: list[Node], *, decided: bool) -> bool:
        """One part that decides is enough, even where others are not known."""
        gap: Gap | None = None
        for node in nodes:
            try:
                if self._truth(node) is decided:
                    return decided
            except Gap as error:
                gap = error
        if gap is not None:
            raise gap
        return not decided

    def _function(self, members: dict[str, Node]) -> str | None:
        if len(members) != 1:
            return None
        (name,) = members
        if name in self._functions:
            return name
        if name.startswith("Fn::"):
            return name
        return None

    def _call(self, name: str, argument: Node) -> Any:
        if name not in self._functions:
            raise Gap(f"function {quoted(name)}")
        try:
            return self._functions[name](argument)
        except (TypeError, ValueError, IndexError, KeyError, AttributeError):
            raise Gap(f"function {quoted(name)}, which is written otherwise than the reference says") from None

    def _ref(self, node: Node) -> Any:
        name = str(node.value)
        if name == "AWS::NoValue":
            return REMOVED
        return self._named(name)

    def _named(self, name: str) -> Any:
        if name in self.parameters:
            return self.parameters[name]
        if name in self.declared:
            raise Gap(f"parameter `{name}`")
        if (pseudo := self.names.pseudo(name)) is not None:
            return pseudo
        if name in self.resources:
            found = self.names.ref(name, self)
            if found is not None:
                return found
        raise Gap(f"`{name}`")

    def _get_att(self, node: Node) -> Any:
        parts = [str(item.value) for item in _items(node)]
        if len(parts) == 1:
            parts = parts[0].split(".", 1)
        logical, attribute = parts[0], ".".join(parts[1:])
        return self._attribute(logical, attribute)

    def _attribute(self, logical: str, attribute: str) -> Any:
        first, _, output = attribute.partition(".")
        if first == "Outputs" and output and self.nested is not None and logical in self.resources:
            return self.nested.output(logical, output)
        found = self.names.attribute(logical, attribute, self) if logical in self.resources else None
        if found is None:
            raise Gap(f"`{logical}.{attribute}`")
        return found

    def _sub(self, node: Node) -> str:
        items = _items(node)
        own = {name: self.value(child) for name, child in _members(items[1]).items()} if len(items) > 1 else {}

        def put(found: re.Match[str]) -> str:
            if found[1]:
                return f"${{{found[2]}}}"
            name = found[2]
            if name in own:
                return str(own[name])
            if "." in name and name.split(".")[0] in self.resources:
                logical, _, attribute = name.partition(".")
                value = self._attribute(logical, attribute)
            else:
                value = self._named(name)
            return ",".join(value) if isinstance(value, list) else str(value)

        return _VARIABLE.sub(put, str(items[0].value))

    def _join(self, node: Node) -> str:
        between, parts = (self.value(item) for item in _items(node))
        return str(between).join(str(part) for part in parts)

    def _select(self, node: Node) -> Any:
        index, parts = (self.value(item) for item in _items(node))
        try:
            return parts[int(index)]
        except (IndexError, ValueError):
            raise Gap(f"item {index} of a list") from None

    def _split(self, node: Node) -> list[str]:
        between, text = (self.value(item) for item in _items(node))
        return str(text).split(str(between))

    def _find(self, node: Node) -> Any:
        keys = [self.value(item) for item in _items(node)[:3]]
        default = _members(_items(node)[3]).get("DefaultValue") if len(_items(node)) > 3 else None
        found = self.mappings
        for key in keys:
            found = _members(found).get(str(key))
            if found is None and default is not None:
                return self.value(default)
            if found is None:
                raise Gap(f"mapping `{'.'.join(map(str, keys))}`")
        return self.value(found)

    def _if(self, node: Node) -> Any:
        name, then, otherwise = _items(node)
        chosen = then if self.holds(str(name.value)) else otherwise
        found = self.node(chosen)
        return REMOVED if found is None else found

    def _import(self, node: Node) -> Any:
        name = self.text(node) or ""
        if name in self.parameters:
            return self.parameters[name]
        if self.exports is not None:
            return self.exports.value(self, str(name))
        raise Gap(f"import `{name}`")

    def _base64(self, node: Node) -> str:
        return base64.b64encode(str(self.text(node)).encode()).decode()

    def _json(self, node: Node) -> str:
        import json

        return json.dumps(self.value(node))

    def _new(self, value: Any, at: Node) -> Node:
        out = Node(value, at.line, at.file, at.parent, at.step)
        members: Any = enumerate(value) if isinstance(value, list) else ()
        for step, child in value.items() if isinstance(value, dict) else members:
            child.parent, child.step = out, step
        return out

    def _made(self, value: Any, at: Node) -> Node:
        if isinstance(value, Node):
            return self._new(value.value, at)
        if isinstance(value, dict):
            return self._new({key: self._made(item, at) for key, item in value.items()}, at)
        if isinstance(value, list):
            return self._new([self._made(item, at) for item in value], at)
        if isinstance(value, str) and (secret := _DYNAMIC.search(value)):
            raise Gap(quoted(secret.group()))
        return self._new(value, at)


def plain(node: Node) -> Any:
    """A node as plain objects; numbers are their texts."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return str(node.value) if isinstance(node.value, Number) else node.value


def _members(node: Node | None) -> dict[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _items(node: Node) -> list[Node]:
    return node.value if isinstance(node.value, list) else [node]
