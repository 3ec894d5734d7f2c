"""The resources of a plan or state: values, what is known after apply only, and which others they refer to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers.draft import NotKnown, Place
from perimeter_smt.policy.json_positions import quoted

_KEY = r"\[(?:[0-9]+|\"(?:[^\"\\]|\\.)*\")\]"
_INDEX, _MODULE = re.compile(_KEY), re.compile(rf"(?:module\.[^.\[]+(?:{_KEY})?\.?)+")
_STEP = re.compile(rf"module\.([^.\[]+)({_KEY})?")
_BESIDE = ("_policy", "_public_access_block", "_ownership_controls", "_versioning")  # resources with a bucket's id
_VALUES = ("var", "local", "each", "count", "path", "self", "terraform")  # names in references that are no resources
AFTER_APPLY = "known after apply"
_DEEPEST = 20  # modules through which a reference is followed


@dataclass(slots=True)
class Resource:
    """A resource or data source. `fresh`: it is made by this plan; `provider` is the key of its provider.

    `configured`: its configuration was found, so that `references` tell which attributes are written. `stays`: it was
    there before, so that what of it does not change is in the organization already. `changes`: the plan does anything
    to it. `ended`: of resources as they were, that this one is deleted or replaced.
    """

    address: str
    type: str
    values: dict[str, Any]
    at: Place
    unknown: dict[str, Any] = field(default_factory=dict)
    references: dict[str, list[str]] = field(default_factory=dict)
    provider: str = ""
    data: bool = False
    fresh: bool = False
    configured: bool = False
    stays: bool = False
    changes: bool = False
    ended: bool = False

    def get(self, name: str) -> Any:
        """The value of an attribute; None if it has none, NotKnown if it is known after apply."""
        value = self.values.get(name)
        if value is None and is_unknown(self.unknown.get(name)):
            return NotKnown(AFTER_APPLY)
        return value

    def text(self, name: str) -> str:
        """A text that is known; empty otherwise."""
        value = self.get(name)
        return value if isinstance(value, str) else ""

    def writes(self, name: str) -> bool:
        """Whether an attribute is written, or may be: a computed one that is not, of a new resource, has no value."""
        return not self.fresh or not self.configured or name in self.references

    @property
    def module(self) -> str:
        """The address of the module that holds it; empty for the root."""
        found = _MODULE.match(self.address)
        return found[0].rstrip(".") if found else ""


@dataclass(slots=True)
class Plan:
    """Everything a plan or state shows. `before` are resources that it changes or deletes, as they were.

    `inputs` and `outputs` are what the variables and outputs of each module refer to, `variables` the values given to
    the root module; `left_out` is what the plan says of itself that it does not hold: name, reason, place.
    """

    resources: dict[str, Resource] = field(default_factory=dict)
    before: list[Resource] = field(default_factory=list)
    providers: dict[str, Any] = field(default_factory=dict)
    by_name: dict[str, list[Resource]] = field(default_factory=dict)
    changes: bool = False  # it tells what was before, too
    inputs: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    outputs: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    left_out: list[tuple[str, str, Place]] = field(default_factory=list)
    following: set[str] = field(default_factory=set)  # addresses whose bucket is being looked for

    def former(self, address: str) -> Resource | None:
        """A resource that the plan changes or deletes, as it was."""
        return next((resource for resource in self.before if resource.address == address), None)

    def unchanged(self, resource: Resource, attribute: str) -> bool:
        """Whether an attribute of a resource that stays is as it was."""
        former = self.former(resource.address)
        return resource.stays and (former is None or former.values.get(attribute) == resource.values.get(attribute))

    def of(self, *types: str) -> Iterator[Resource]:
        """The resources (and data sources) of these types."""
        yield from (found for found in self.resources.values() if found.type in types)

    def referred(self, resource: Resource, attribute: str, *types: str) -> Resource | None:
        """The resource of these types that the configuration of an attribute refers to, if it refers to no other one.

        A choice between two resources, or a text made of several, tells none of them.
        """
        module = _INDEX.sub("", resource.module)
        followed = self._followed(module, resource.references.get(attribute, ()))
        named = {(where, _short(ref)) for where, ref in followed if ref.partition(".")[0] not in _VALUES}
        if len(named) > 1 and "aws_s3_bucket" in types:
            named = self._of_buckets(named)
        if len(named) != 1:
            return None
        ((where, short),) = named
        if short.removeprefix("data.").partition(".")[0] not in types:
            return None
        found = self.by_name.get(f"{where}|{short}", [])
        alike = [f for f in found if _INDEX.findall(f.address) == _INDEX.findall(resource.address)]
        exact = [f for f in found for ref in resource.references[attribute]
                 if _INDEX.sub("", ref) != ref and (f.address.endswith(ref) or ref.startswith(_local(f)))]  # fmt: skip
        exact = list({f.address: f for f in exact}.values())
        near = [f for f in found if _instances_agree(f.module, resource.module)]
        for candidates in (exact, alike, near, found):
            if len(candidates) == 1:
                return candidates[0]
        return None

    def _of_buckets(self, named: set[tuple[str, str]]) -> set[tuple[str, str]]:
        """References to what a bucket has beside it, whose id is that of the bucket, as references to the bucket.

        Modules tell their bucket so, in order that it is used once its policy is there.
        """
        out = set()
        for where, short in named:
            beside = self.by_name.get(f"{where}|{short}", [])
            if not short.startswith("aws_s3_bucket_") or not short.partition(".")[0].endswith(_BESIDE):
                out.add((where, short))
            for each in beside if (where, short) not in out else ():
                made = None
                if each.address not in self.following:
                    self.following.add(each.address)
                    made = self.referred(each, "bucket", "aws_s3_bucket")
                    self.following.discard(each.address)
                module = _INDEX.sub("", made.module) if made is not None else where
                out.add((module, _short(_local(made))) if made is not None else (where, short))
        return out

    def _followed(self, module: str, references: Iterable[str], depth: int = 0) -> Iterator[tuple[str, str]]:
        """References with the module in which they hold; variables and outputs of modules are followed."""
        for reference in references:
            first, _, rest = _INDEX.sub("", reference).partition(".")
            name, _, output = rest.partition(".")
            above = module.rpartition("module.")[0].rstrip(".")
            if first == "var" and module and depth < _DEEPEST:
                yield from self._followed(above, self.inputs.get(module, {}).get(name, ()), depth + 1)
            elif first == "module":  # `module.m` alone stands beside each `module.m.output`
                inside = f"{module}.module.{name}" if module else f"module.{name}"
                found = self.outputs.get(inside, {}).get(output.partition(".")[0], [])
                if found and depth < _DEEPEST:
                    yield from self._followed(inside, found, depth + 1)
                elif output:
                    yield module, reference
            else:
                yield module, reference


def _instances_agree(one: str, other: str) -> bool:
    """Whether two modules lie in the same instances of the modules that both of them lie in."""
    for mine, theirs in zip(_STEP.findall(one), _STEP.findall(other), strict=False):
        if mine[0] != theirs[0]:
            return True
        if mine[1] != theirs[1]:
            return False
    return True


def _short(reference: str) -> str:
    """The address of a resource inside its module, without what is asked of it."""
    parts = _INDEX.sub("", reference).split(".")
    return ".".join(parts[: 3 if parts[0] == "data" else 2])


def read_plan(value: dict[str, Any], at: Place) -> Plan:
    """A plan, a state, or a state file; InputError for a format of another version."""
    plan = Plan()
    if isinstance(value.get("version"), int) and "resources" in value:
        _state_file(plan, value, at)
        return plan
    if "format_version" not in value:
        raise InputError("a plan without `format_version`, expected what `terraform show -json` prints", file=at.file)
    version = str(value.get("format_version", ""))
    if version.partition(".")[0] not in ("0", "1"):
        raise InputError(f"plan format {quoted(version)}, expected 1.x of `terraform show -json`", file=at.file)
    if value.get("errored"):
        raise InputError("the plan ended in an error, expected a complete one", file=at.file)
    prior = (value.get("prior_state") or {}).get("values") or {}
    for resource in _modules(prior.get("root_module"), at.at("prior_state", "values", "root_module")):
        if resource.data:  # read already; resources stand below with what the plan makes of them
            plan.resources[resource.address] = resource
    for name in ("values", "planned_values"):
        for resource in _modules((value.get(name) or {}).get("root_module"), at.at(name, "root_module")):
            plan.resources[resource.address] = resource
    plan.changes = "resource_changes" in value
    _left_out(plan, value, at)
    for index, change in enumerate(value.get("resource_changes") or ()):
        _change(plan, change, at.at("resource_changes", index))
    configuration = value.get("configuration") or {}
    plan.providers = configuration.get("provider_config") or {}
    given = value.get("variables") or {}
    plan.variables = {name: found.get("value") for name, found in given.items() if isinstance(found, dict)}
    for resource in plan.resources.values():
        plan.by_name.setdefault(_INDEX.sub("", f"{resource.module}|{_local(resource)}"), []).append(resource)
    _configured(plan, configuration.get("root_module") or {}, "")
    return plan


def _left_out(plan: Plan, value: dict[str, Any], at: Place) -> None:
    """What the plan does not hold, as it says itself (JSON output format, plan representation)."""
    deferred = value.get("deferred_changes") or ()
    for index, found in enumerate(deferred):
        change = found.get("resource_change") or {}
        reason = f"the plan defers it ({found.get('reason') or 'no reason given'}): another plan makes it"
        plan.left_out.append((f"what `{change.get('address')}` will be", reason, at.at("deferred_changes", index)))
    if value.get("complete") is False and not deferred:
        reason = "it says that it is not `complete`: another plan has to follow"
        plan.left_out.append(("what the plan leaves out", reason, at))
    if plan.resources and "planned_values" in value and not plan.changes:
        reason = "it has no `resource_changes`, which say what is replaced and what is known after apply"
        plan.left_out.append(("what the plan changes", reason, at))


def _complete(item: Any, at: Place) -> None:
    """Every resource of a plan or state has an address and a type (JSON output format)."""
    for name in ("address", "type"):
        if not isinstance(item, dict) or not isinstance(item.get(name), str):
            raise InputError(f"a resource without `{name}`", file=str(at))


def _modules(module: Any, at: Place) -> Iterator[Resource]:
    if not isinstance(module, dict):
        return
    for index, item in enumerate(module.get("resources") or ()):
        _complete(item, at.at("resources", index))
        data = item.get("mode") == "data"
        if not isinstance(item.get("values") or {}, dict):
            raise InputError("a resource whose `values` are no object", file=str(at.at("resources", index)))
        place = at.at("resources", index, "values")
        yield Resource(_address(item, "deposed_key"), item["type"], item.get("values") or {}, place, data=data)
    for index, child in enumerate(module.get("child_modules") or ()):
        yield from _modules(child, at.at("child_modules", index))


def _address(item: dict[str, Any], key: str) -> str:
    """The address; an object that was replaced and could not be deleted stands beside the one in its place."""
    return f"{item['address']} (deposed {item[key]})" if item.get(key) else str(item["address"])


def _change(plan: Plan, change: dict[str, Any], at: Place) -> None:
    _complete(change, at)
    address = _address(change, "deposed")
    found = change.get("change") or {}
    actions = found.get("actions") or []
    if {"update", "delete"} & set(actions) and change.get("mode") != "data":
        plan.before.append(
            Resource(
                address,
                change["type"],
                found.get("before") or {},
                at.at("change", "before"),
                ended="delete" in actions,
            )
        )
    if "forget" in actions and change.get("mode") != "data":  # it stays in AWS (Terraform docs, `removed` block)
        stays = at.at("change", "before")
        own = f"{address} (forgotten)" if "create" in actions else address
        plan.resources[own] = Resource(own, change["type"], found.get("before") or {}, stays, stays=True)
    if actions in (["delete"], ["forget"]):
        return
    resource = plan.resources.get(address)
    if resource is None:
        resource = plan.resources[address] = Resource(address, change["type"], found.get("after") or {}, at)
    resource.data = change.get("mode") == "data"
    unknown = found.get("after_unknown")
    resource.unknown = unknown if isinstance(unknown, dict) else {}
    resource.fresh = "create" in actions
    resource.stays = actions in (["no-op"], ["update"], ["read"])
    resource.changes = actions not in (["no-op"], ["read"])


def _configured(plan: Plan, module: dict[str, Any], above: str) -> None:
    """References and providers of resources, as the configuration of their module tells."""
    for item in module.get("resources") or ():
        references = {name: _references(found) for name, found in (item.get("expressions") or {}).items()}
        for resource in plan.by_name.get(f"{above}|{item.get('address')}", ()):
            resource.references, resource.configured = references, True
            resource.provider = str(item.get("provider_config_key", ""))
    for name, call in (module.get("module_calls") or {}).items():
        inside = f"{above}.module.{name}" if above else f"module.{name}"
        plan.inputs[inside] = {key: _references(found) for key, found in (call.get("expressions") or {}).items()}
        outputs = (call.get("module") or {}).get("outputs") or {}
        plan.outputs[inside] = {key: _references((found or {}).get("expression")) for key, found in outputs.items()}
        _configured(plan, call.get("module") or {}, inside)


def _references(expression: Any) -> list[str]:
    if isinstance(expression, dict):
        out = list(expression.get("references") or ())
        for key, found in expression.items():
            if key not in ("references", "constant_value"):
                out += _references(found)
        return out
    return [name for item in expression for name in _references(item)] if isinstance(expression, list) else []


def _local(resource: Resource) -> str:
    """The address inside its module."""
    return resource.address.removeprefix(resource.module).removeprefix(".")


def is_unknown(found: Any) -> bool:
    """Whether anything of a value is known after apply."""
    if isinstance(found, dict):
        return any(is_unknown(item) for item in found.values())
    if isinstance(found, list):
        return any(is_unknown(item) for item in found)
    return found is True


def _state_file(plan: Plan, value: dict[str, Any], at: Place) -> None:
    if value["version"] not in (3, 4):
        raise InputError(f"state file of version {value['version']}, expected 4", file=at.file)
    for number, item in enumerate(value["resources"]):
        for index, instance in enumerate(item.get("instances") or ()):
            key = instance.get("index_key")
            which = "" if key is None else f'["{key}"]' if isinstance(key, str) else f"[{key}]"
            mode = "data." if item.get("mode") == "data" else ""
            module = f"{item['module']}." if item.get("module") else ""
            named = {"address": f"{module}{mode}{item['type']}.{item['name']}{which}", **instance}
            address = _address(named, "deposed")
            place = at.at("resources", number, "instances", index, "attributes")
            plan.resources[address] = Resource(address, item["type"], instance.get("attributes") or {}, place,
                                               data=bool(mode))  # fmt: skip
