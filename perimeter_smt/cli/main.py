"""`perimeter`: the click group, and what turns errors into exit codes (design 6)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from perimeter_smt import __version__
from perimeter_smt.cli import output
from perimeter_smt.cli.commands import Commands, all_commands
from perimeter_smt.cli.config import defaults, find
from perimeter_smt.cli.crash import write_dump
from perimeter_smt.cli.options import FILE
from perimeter_smt.cli.version import print_versions
from perimeter_smt.errors import InputError, InternalError, shortened

BAD_INPUT, INTERNAL, INTERRUPTED, CLOSED_PIPE = 2, 3, 130, 141


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, help="Show the version and exit.")
@click.option("--verbose", is_flag=True, help="With --version: also the dates of all tables.")
@click.option("--config", type=FILE, help="File with defaults of options, in place of the nearest perimeter.toml.")
@click.option("--isolated", is_flag=True, help="Read no file with defaults.")
@click.pass_context
def cli(context: click.Context, version: bool, verbose: bool, config: Path | None, isolated: bool) -> None:
    """Prove or refute that an AWS data perimeter holds.

    Defaults of options stand in the nearest perimeter.toml, or in pyproject.toml under [tool.perimeter].
    Exit codes: 0 proved, 1 refuted, 2 bad input, 3 not decided.
    """
    if version:
        print_versions(__version__, verbose=verbose)
        context.exit(0)
    if verbose:
        raise click.UsageError("`--verbose` goes with `--version`")
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
        context.exit(0)
    if config is not None and isolated:
        raise click.UsageError("both `--config` and `--isolated`, expected one of them")
    file = None if isolated else config or find(Path.cwd())
    if file is not None:
        context.default_map = dict(defaults(file, all_commands()))


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; every error is one line on stderr."""
    try:
        code = cli.main(arguments, prog_name="perimeter", standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except InputError as error:
        output.complain_all(error)
        return BAD_INPUT
    except click.ClickException as error:
        return _fail(error.format_message(), BAD_INPUT)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except SystemExit as error:  # how click answers a closed pipe, and ends a completion
        return CLOSED_PIPE if error.code else 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left in the buffer goes nowhere
        return CLOSED_PIPE
    except OSError as error:
        where = str(error.filename or "output")
        return _fail(f"{shortened(where)}: {(error.strerror or str(error)).lower()}", BAD_INPUT)
    except InternalError as error:
        return _fail(f"internal error: {error}; {write_dump(error)}", INTERNAL)
    except Exception as error:
        name = type(error).__name__
        return _fail(f"internal error: {name}: {error}; {write_dump(error)}", INTERNAL)


def _fail(message: str, code: int) -> int:
    output.complain(message)
    return code
