"""Options for what a source does not tell itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from perimeter_smt.errors import InputError

if TYPE_CHECKING:
    from perimeter_smt.organization.perimeter import Vpc
    from perimeter_smt.organization.readers.sources import SourceOptions

_F = TypeVar("_F", bound=Callable[..., object])


def source_flags(function: _F) -> _F:
    """`--org`, `--org-account`, `--region`, `--parameter`, `--complete`."""
    options = (
        click.option("--org", "base", type=click.Path(path_type=Path), help="Source that a plan or template changes."),
        click.option("--org-account", metavar="ID", help="Account of what in that source tells none."),
        click.option("--region", help="Region that a plan or template is for."),
        click.option("--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="Template parameter."),
        click.option("--complete", is_flag=True, help="What the source does not hold does not exist."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def identity_flags(function: _F) -> _F:
    """`--org-id`, `--management-account`, `--account`, `--perimeter` for commands that have no others."""
    options = (
        click.option("--org-id", metavar="o-...", help="Organization id, where the source does not tell it."),
        click.option("--management-account", metavar="ID", help="Management account, likewise."),
        click.option("--account", "accounts", multiple=True, metavar="ID", help="Account of a plan or template."),
        click.option("--perimeter", "perimeter_file", type=click.Path(path_type=Path, dir_okay=False),
                     help="perimeter.yaml for a source that has none."),
    )  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


def source_options(fill: Mapping[str, str], options: Mapping[str, Any], *sources: Path) -> SourceOptions:
    """The options of a command line; InputError names the one that is wrong.

    `sources`: all that is read with them; an option that none of these has a use for is wrong as well.
    """
    from perimeter_smt.organization.readers import values
    from perimeter_smt.organization.readers.sources import SourceOptions
    from perimeter_smt.organization.readers.values import checked

    accounts = checked("--account", values.account_id, options.get("accounts") or ())
    if len(accounts) > 1:
        raise InputError("several accounts, expected the one that the source is for", path="--account")
    management, region = options.get("management_account"), options.get("region")
    if management:
        checked("--management-account", values.account_id, [management])
    own = options.get("org_account")
    if own:
        checked("--org-account", values.account_id, [own])
        if not options.get("base") and not options.get("changes"):
            raise InputError("says nothing without `--org` or `--change`: expected `--account`", path="--org-account")
    if region:
        checked("--region", values.region, [region])
    found = SourceOptions(
        fill=fill,
        parameters=_pairs(options.get("parameters") or ()),
        organization=options.get("base"),
        organization_id=options.get("org_id"),
        management_account=management,
        account=next(iter(accounts), None),
        organization_account=own,
        region=region,
        perimeter_file=options.get("perimeter_file"),
        cidrs=checked("--cidr", values.cidr, options.get("cidrs") or ()),
        vpcs=_vpcs(options.get("vpcs") or (), region),
        complete=bool(options.get("complete")),
    )
    if sources:
        from perimeter_smt.organization.readers.of_use import refuse_useless

        refuse_useless(sources, found)
    return found


def _vpcs(texts: Iterable[str], region: str | None) -> list[Vpc]:
    from perimeter_smt.organization.perimeter import Vpc
    from perimeter_smt.organization.readers import values
    from perimeter_smt.organization.readers.options import REGION
    from perimeter_smt.organization.readers.values import checked

    out = []
    for text in texts:
        own, _, where = text.partition("/")
        checked("--vpc", values.vpc_id, [own])
        out.append(Vpc(id=own, region=checked("--vpc", values.region, [where or region or REGION])[0]))
    return out


def _pairs(texts: Iterable[str]) -> dict[str, str]:
    out: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InputError(f"`--parameter {text}`: expected NAME=VALUE")
        out[name] = value
    return out
