"""All commands by group, loaded when they are named: `perimeter --help` costs nothing but this table."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

import click

from perimeter_smt.cli.output import is_terminal
from perimeter_smt.errors import did_you_mean


@dataclass(frozen=True)
class Entry:
    """Where a command lives (`module` of `perimeter_smt.cli`, of the same name unless `name` differs) and one line."""

    module: str
    summary: str
    name: str = ""


GROUPS: Mapping[str, Mapping[str, Entry]] = {
    "Prove": {
        "prove": Entry("prove", "Prove or refute the objectives of a workspace, folder, plan or template."),
        "ci": Entry("ci", "Prove and lint in a pipeline, in the forms that its system shows."),
        "watch": Entry("watch", "Prove a workspace again whenever a file changes."),
        "encode": Entry("encode", "Write one SMT-LIB file per obligation, for other solvers."),
    },
    "Ask": {
        "findings": Entry("findings", "List all access of outsiders, as the fewest and coarsest sets of requests."),
        "who-can": Entry("who", "Tell who can call an action, and under which conditions."),
        "what-can": Entry("who", "Tell what a caller can do, and under which conditions."),
        "measure": Entry("measure", "Count what a policy admits: actions, addresses, accounts, names."),
        "evaluate": Entry("evaluate", "Decide concrete requests: one case, an array, or JSON Lines."),
        "explain": Entry("explain", "Why is a request allowed or denied, and what would change that?"),
        "replay": Entry("replay", "What would guardrails have said to the events of CloudTrail logs?"),
        "public": Entry("checks", "AWS's CheckNoPublicAccess: do strangers get in?", "public"),
        "access-not-granted": Entry(
            "checks", "AWS's CheckAccessNotGranted: are these actions kept from everybody?", "access-not-granted"
        ),
    },
    "Compare": {
        "compare": Entry("compare", "Tell what opens and closes between two organizations, revisions or policies."),
        "changed": Entry("changed", "The same for policy files since a commit of git."),
        "no-new-access": Entry("checks", "AWS's CheckNoNewAccess: does a new policy grant more?", "no-new-access"),
    },
    "Inspect": {
        "lint": Entry("lint", "Look for known mistakes in policies."),
        "redundant": Entry("redundant", "Find statements that decide nothing."),
        "pack": Entry("redundant", "Rewrite guardrails to fit AWS's limits, proved equal.", "pack"),
        "axioms": Entry("why", "List all axioms and open points with strength, source and date.", "axioms"),
        "why": Entry("why", "Explain a name of a report: axiom, open point, limit, table, rule."),
    },
    "Input": {
        "collect": Entry("collect", "Read an organization from AWS, with read calls only."),
        "init": Entry("init", "Write a commented perimeter.yaml, inferred from policies."),
        "inventory": Entry("inventory", "Tell what was read from a source."),
    },
    "Output": {
        "cache": Entry("cache", "Tell what a cache of verdicts holds, or remove what is old."),
        "report": Entry("report", "Show a saved result in another form."),
        "schema": Entry("schema", "Print the JSON Schema of an output, or of a workspace file."),
        "completion": Entry("completion", "Print the script that completes commands in a shell."),
    },
}


class Commands(click.Group):
    """A click group that shows its commands by group and loads each when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All names, in the order of the groups."""
        return [name for group in GROUPS.values() for name in group]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, or None."""
        for group in GROUPS.values():
            if (entry := group.get(cmd_name)) is not None:
                module = import_module(f"perimeter_smt.cli.{entry.module}")
                command: click.Command = getattr(module, (entry.name or cmd_name).replace("-", "_"))
                return command
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest name in the error."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            near = did_you_mean(args[0], self.list_commands(ctx))
            raise click.UsageError(f"no such command `{args[0]}`{near}, expected one of `perimeter --help`")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """As click does; after Ctrl-C a new line for people only, who have `^C` before them."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            if is_terminal(sys.stderr):
                click.echo(err=True)
            raise click.Abort from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """One list per group, names aligned over all of them."""
        wide = max(len(name) for group in GROUPS.values() for name in group)
        for title, group in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(wide), entry.summary) for name, entry in group.items()])


def all_commands() -> dict[str, click.Command]:
    """Every command by name, loaded."""
    return {name: command_of(name) for group in GROUPS.values() for name in group}


def command_of(name: str) -> click.Command:
    """The command of a name; KeyError if there is none."""
    command = Commands().get_command(click.Context(Commands()), name)
    if command is None:
        raise KeyError(name)
    return command
