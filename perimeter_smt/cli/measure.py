"""`perimeter measure`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.options import FILE, KINDS, Choice, fill, set_option, text_options
from perimeter_smt.cli.timed import timed
from perimeter_smt.errors import InputError

if TYPE_CHECKING:
    from perimeter_smt.policy.document import Document


@click.command()
@click.argument("policy", type=FILE)
@click.option("--type", "kind", type=Choice(KINDS), help="Kind of the policy, where its form does not tell.")
@click.option("--after", type=FILE, help="A second version to count beside it.")
@click.option("--length", type=click.IntRange(1, 512), default=64, show_default=True, help="Longest ARN that counts.")
@click.option("--finding", type=click.IntRange(1), help="Count this finding of POLICY, by its number there.")
@click.option("--account", help="With --finding: the account of POLICY, as for `findings`.")
@click.option(
    "--domain", type=FILE, help="JSON with `actions`, `resources`, `principals`, `keys`: count these requests too."
)
@set_option
@text_options
@timed
def measure(
    policy: Path,
    kind: str | None,
    after: Path | None,
    length: int,
    finding: int | None,
    account: str | None,
    domain: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    no_color: bool,
) -> int:
    """Count the actions, addresses, accounts and resource names that POLICY admits by itself.

    Exit codes: 0 counted, 2 bad input, 3 some number not decided.
    """
    values = fill(settings)
    from perimeter_smt.cli.findings import one_policy
    from perimeter_smt.questions.findings.measure import count_in_domain
    from perimeter_smt.questions.findings.measure import measure as ask
    from perimeter_smt.report import measure as report

    if account is not None and finding is None:
        raise InputError("it says nothing without `--finding`", path="--account")
    if finding is not None and after is not None:
        raise InputError("it cannot stand beside `--after`: versions have findings of their own", path="--finding")
    listed = None if domain is None else _domain(domain)
    found = []
    for path in (policy, after) if after else (policy,):
        document = one_policy(path, kind, values)
        if document is None:
            raise InputError("expected one policy, or `--type`", file=str(path))
        if finding is not None:
            document = _finding(document, finding, account)
        inside = None if listed is None else count_in_domain(document, *listed)
        found.append((ask(document, length=length), inside))
    if as_json:
        from perimeter_smt.report.json import dumps

        output.emit(dumps(report.measures_json(found)))
    else:
        color = output.colors(sys.stdout, no_color=no_color)
        output.emit(report.render(found, width=output.width(), color=color))
    return 3 if any(count.undecided for one, _ in found for count in one.counts.values()) else 0


def _finding(document: Document, number: int, account: str | None) -> Document:
    """The policy of one finding; InputError where there is none of this number, or no policy says it."""
    from perimeter_smt.organization.readers import values
    from perimeter_smt.organization.readers.values import checked
    from perimeter_smt.questions.findings.answer import findings
    from perimeter_smt.questions.findings.reading import read_back

    own = next(iter(checked("--account", values.account_id, [account] if account else [])), None)
    file = document.location.file
    answer = findings(document, account=own)
    if number > len(answer.findings):
        raise InputError(f"no finding {number}, the policy has {len(answer.findings)}", file=file, path="--finding")
    elements = answer.findings[number - 1].elements
    if elements.policy is None:
        raise InputError(f"no policy says what finding {number} says, it cannot be counted", file=file)
    location = replace(document.location, file=f"{file}, finding {number}")
    return read_back(elements, document.kind).model_copy(update={"location": location})


def _domain(path: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """A finite domain of requests; InputError with the member that is wrong."""
    import json

    from perimeter_smt.files import read_text
    from perimeter_smt.policy.json_positions import MAX_CHARACTERS

    try:
        value: Any = json.loads(read_text(path, MAX_CHARACTERS, "a domain"))
    except ValueError as error:
        raise InputError(f"no JSON: {error}", file=str(path)) from error
    except RecursionError:
        raise InputError("nested too deeply", file=str(path)) from None
    if not isinstance(value, dict):
        raise InputError("expected an object with `actions` and `resources`", file=str(path))
    for name in ("actions", "resources"):
        if name not in value:
            raise InputError(f"element `{name}` is missing", file=str(path))
    keys = value.pop("keys", {})
    if not isinstance(keys, dict):
        raise InputError("expected an object with condition keys and lists of values", file=str(path), path="$.keys")
    for name, texts in (*value.items(), *keys.items()):
        if name in value and name not in ("actions", "resources", "principals"):
            raise InputError(f"unknown element `{name}`", file=str(path), path=f"$.{name}")
        if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
            raise InputError("expected a list of texts", file=str(path), path=f"$.{name}")
    return value, keys
