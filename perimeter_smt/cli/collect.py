"""`perimeter collect`."""

from __future__ import annotations

from pathlib import Path

import click

from perimeter_smt.cli.progress import Bar
from perimeter_smt.errors import InputError

_MANY = 20


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--profile", help="Profile of the AWS configuration.")
@click.option("--role-name", help="Role to assume in the other accounts.")
@click.option("--region", "regions", multiple=True, help="Only this Region. Repeatable; default: all that are enabled.")
@click.option("--account", "accounts", multiple=True, metavar="ID", help="Only this account. Repeatable.")
@click.option("--service", "services", multiple=True, metavar="NAME", help="Only this service. Repeatable.")
@click.option("--workers", type=click.IntRange(1, 32), default=8, show_default=True, help="Calls at the same time.")
@click.option("--endpoint-url", help="Where a stand-in of AWS listens.")
@click.option("--no-color", is_flag=True, help="No colours (as with NO_COLOR).")
def collect(
    folder: Path,
    profile: str | None,
    role_name: str | None,
    regions: tuple[str, ...],
    accounts: tuple[str, ...],
    services: tuple[str, ...],
    workers: int,
    endpoint_url: str | None,
    no_color: bool,
) -> int:
    """Read an organization from AWS into FOLDER, with read calls only. A collection that was interrupted goes on.

    Exit codes: 0 all was read, 1 something was not, 2 bad input.
    """
    from perimeter_smt.collect.aws import Aws, reason
    from perimeter_smt.collect.run import collect as read

    aws = Aws(profile=profile, role_name=role_name, endpoint_url=endpoint_url)
    with Bar(no_color=no_color) as bar:
        try:
            aws.identity()
        except InputError:
            raise
        except Exception as error:
            raise InputError(f"no access to AWS: {reason(error)}") from None
        found = read(folder, aws, regions=regions, accounts=accounts, services=services, workers=workers, progress=bar)
    click.echo(f"{folder}: {found.files} files written, {found.kept} kept, {len(found.accounts)} accounts")
    for item in found.missing[:_MANY]:
        click.echo(f"  not known: {item['what']}: {item['reason']}")
    if len(found.missing) > _MANY:
        click.echo(f"  and {len(found.missing) - _MANY} more in {folder / 'collected.json'}")
    return int(bool(found.missing))
