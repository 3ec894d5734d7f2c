"""The account and Region of each provider of a plan: by its configuration, data sources, or what it made already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from perimeter_smt.organization.readers.terraform import regions
from perimeter_smt.organization.readers.terraform.plan import Plan, Resource
from perimeter_smt.request.partitions import partition_of_region

DEFAULT = "aws"
_ELSEWHERE = ("assume_role", "assume_role_with_web_identity", "profile", "access_key", "shared_credentials_files")


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a provider makes things. Empty: not told; `own`: it has credentials or a Region of its own."""

    account: str = ""
    region: str = ""
    own_account: bool = False
    own_region: bool = False


def providers_of(plan: Plan) -> dict[str, Provider]:
    """Every provider by its key; those of modules are keys such as `module.m:aws.alias`."""
    keys = {resource.provider for resource in plan.resources.values()} | set(plan.providers)
    return {key: _provider(plan, key) for key in keys if key}


def _provider(plan: Plan, key: str) -> Provider:
    found = (plan.providers.get(key) or {}).get("expressions") or {}
    mine = [resource for resource in plan.resources.values() if resource.provider == key]
    told = _account_of_role(plan, found) or _allowed(plan, found) or _data(mine, "aws_caller_identity", ("account_id",))
    account = told or _likely(mine, 4)
    region = value_of(plan, found.get("region"))
    if partition_of_region(region) is None:
        region = _data(mine, "aws_region", ("region", "name", "id")) or _likely(mine, 3)
        region = region or regions.of_variables(plan, found.get("region")) or regions.in_use(mine)
    return Provider(account, region, any(name in found for name in _ELSEWHERE), "region" in found)


def _account_of_role(plan: Plan, found: dict[str, Any]) -> str:
    for name in _ELSEWHERE[:2]:
        blocks = found.get(name) or {}
        block = blocks[0] if isinstance(blocks, list) else blocks
        expression = block.get("role_arn") if isinstance(block, dict) else None
        role = value_of(plan, expression)
        if role.count(":") >= 5:
            return role.split(":")[4]
        if account := _one(_values(plan, expression)):  # a text around the account
            return account
    return ""


def _allowed(plan: Plan, found: dict[str, Any]) -> str:
    """The one account in which the provider works at all (provider documentation, `allowed_account_ids`)."""
    expression = found.get("allowed_account_ids")
    constant = expression.get("constant_value") if isinstance(expression, dict) else None
    listed = constant if isinstance(constant, list) else list(_values(plan, expression))
    return _one(str(each) for each in listed) if len(listed) == 1 else ""


def _values(plan: Plan, expression: Any) -> Iterator[str]:
    """The values of the variables that an expression refers to; those of lists one by one."""
    references = expression.get("references") if isinstance(expression, dict) else None
    for name in dict.fromkeys(str(each).partition(".")[2].partition(".")[0] for each in references or ()
                              if str(each).startswith("var.")):  # fmt: skip
        value = plan.variables.get(name)
        yield from (str(each) for each in value) if isinstance(value, list) else (str(value),)


def _one(values: Iterable[str]) -> str:
    """The one of these values that is the id of an account; empty where none is, or several."""
    found = {value for value in values if len(value) == 12 and value.isdigit()}
    return found.pop() if len(found) == 1 else ""


def value_of(plan: Plan, expression: Any) -> str:
    """A constant, or the value of the one variable that an expression is; empty where it is more than that.

    A text around a variable looks the same in a plan: callers look whether the value is one of the kind they expect.
    """
    if not isinstance(expression, dict):
        return ""
    found = expression.get("constant_value")
    references = list(expression.get("references") or [])
    longest = max(map(str, references), key=len, default="")
    if found is None and longest.startswith("var.") and all(longest.startswith(str(each)) for each in references):
        found = plan.variables
        for step in longest.removeprefix("var.").split("."):  # members of objects stand beside their variable
            found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def _data(mine: list[Resource], kind: str, names: tuple[str, ...]) -> str:
    """What a data source of this provider says, by the first of its attributes that does."""
    found = [resource.text(name) for resource in mine if resource.type == kind for name in names]
    return next(filter(None, found), "")


def _likely(mine: list[Resource], field: int) -> str:
    """The account or Region in most ARNs of what the provider made."""
    arns = [resource.text("arn").split(":") for resource in mine if not resource.data]
    seen = Counter(parts[field] for parts in arns if len(parts) > 5 and parts[field])
    return seen.most_common(1)[0][0] if seen else ""
