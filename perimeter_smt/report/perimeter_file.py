"""A commented `perimeter.yaml` from proposals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date

from perimeter_smt.organization.perimeter import REACH_TEXTS, Workspace
from perimeter_smt.organization.proposals import Proposal, Proposals
from perimeter_smt.organization.proposed_limits import FACTS

_PLACES = 3
SCHEMA_FILE = "perimeter.schema.json"
# Members of `source` by what unknowns about them begin with.
_TOLD_HERE = {"management_account": "management account", "account": "account of the ", "region": "Region of the "}
_HEAD = """\
# yaml-language-server: $schema={schema}
# The perimeter of {organization}, as its policies suggest. Written by `perimeter init`{day}.
# Each entry names the statements it was read from. Entries that are commented out were read from grants of single
# resources and roles, or are not sure: read them, and take in what is meant. What stands here is trusted by every
# verdict, so that a wrong entry hides a hole.
"""


Source = Mapping[str, str | Mapping[str, str]]


def perimeter_yaml(workspace: Workspace, found: Proposals, source: Source, day: date | None = None) -> str:
    """The text of the file; `source` names where the organization is read from, with what the source does not tell."""
    when = f" on {day.isoformat()}" if day else ""
    out = [_HEAD.format(schema=SCHEMA_FILE, organization=workspace.organization.id, day=when)]
    if source:
        out += ["source:", *_source(source), *_to_say(workspace, source), ""]
    out += [*_organization(workspace), ""]
    _list(out, "vpcs", found.of("vpcs"), "Networks that guardrails expect. Endpoints of my accounts count anyway.",
          braces=True)  # fmt: skip
    _list(out, "endpoints", found.of("endpoints"), "Endpoints that guardrails expect.")
    _list(out, "cidrs", found.of("cidrs"), "Addresses that guardrails expect.")
    _list(out, "third_principals", found.of("third_principals"),
          "Partners and identity providers that guardrails exempt, or that policies let in.", braces=True)  # fmt: skip
    _list(out, "service_accounts", found.of("service_accounts"),
          "Accounts that guardrails exempt as callers alone, as those of AWS services are.", braces=True)  # fmt: skip
    _list(out, "third_resources", found.of("third_resources"), "Foreign resources that guardrails exempt.", braces=True)
    _service_resources(out, found)
    _exceptions(out, found)
    _scopes(out, found)
    _limits(out, found)
    return "\n".join(out) + "\n"


def _source(source: Source) -> Iterable[str]:
    """The members of `source`, in quotes: a value of `--set` may hold anything."""
    for name, value in source.items():
        if isinstance(value, str):
            yield f"  {name}: {_quoted(value)}"
        elif value:
            yield f"  {name}:"
            yield from (f"    {_quoted(own)}: {_quoted(said)}" for own, said in value.items())


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a text of JSON is one of YAML


def _to_say(workspace: Workspace, source: Source) -> list[str]:
    """What the source does not tell and this file can, as comments."""
    facts = [unknown for unknown in workspace.unknowns if unknown.affects == "facts"]
    out = []
    for member, beginning in _TOLD_HERE.items():
        found = next((unknown for unknown in facts if unknown.name.startswith(beginning)), None)
        if found is not None and member not in source:
            out.append(f'  # {member}: "..."  # {_line(found.name)}: {_line(found.reason).partition(":")[0]}')
    return out


def _organization(workspace: Workspace) -> list[str]:
    """`orgs`, and why it says so where the source does not tell it."""
    untold = next((unknown for unknown in workspace.unknowns if unknown.name == "organization"), None)
    line = f"orgs: [{workspace.organization.id}]"
    if untold is None:
        return [line]
    reason = _line(untold.reason)
    return [f"# {reason[:1].upper()}{reason[1:]}, or write it here.", line]


def _list(out: list[str], name: str, entries: list[Proposal], about: str, *, braces: bool = False) -> None:
    if not entries:
        return
    any_sure = any(entry.sure for entry in entries)
    out += [f"# {about}", f"{name}:" if any_sure else f"# {name}:"]
    for entry in entries:
        _entry(out, f"{{{entry.value}}}" if braces else entry.value, entry, "  ")
    out.append("")


def _entry(out: list[str], text: str, entry: Proposal, indent: str) -> None:
    places = list(entry.places)
    more = f" and {len(places) - _PLACES} more" if len(places) > _PLACES else ""
    out.append(f"{indent}# from {_line('; '.join(places[:_PLACES]))}{more}")
    out.append(f"{indent if entry.sure else '#' + indent[1:]}- {text}")


def _service_resources(out: list[str], found: Proposals) -> None:
    arns = found.of("service_resources")
    if not arns:
        out += ["# Resources of AWS itself: `published` is the list of those that AWS documents for its services.",
                "# service_resources: [published]", ""]  # fmt: skip
        return
    out += ["# Resources that guardrails and endpoint policies let through by name. Taken in are those whose ARN tells",
            "# the owner, and buckets of names that AWS publishes: that AWS owns them is taken on trust. Of other",
            "# buckets no policy says whose they are, so that they are comments: take in those that you know.",
            "service_resources:", "  - published"]  # fmt: skip
    for entry in arns:
        arn, _, actions = entry.value.partition(", actions: ")
        _entry(out, f"{{arns: [{arn}]{f', actions: {actions}' if actions else ''}}}", entry, "  ")
    out.append("")


def _limits(out: list[str], found: Proposals) -> None:
    """`accepted` and `assumptions`: those that guardrails build on, the rest of the limits as comments."""
    accepted, assumed = found.of("accepted"), found.of("assumptions")
    given = {entry.value for entry in accepted}
    out += ["# Limits that no guardrail can hold back, or that these leave out. Every verdict lists those it needs:",
            "# take out what you do not live with, and verdicts show its calls.",
            "accepted:" if any(entry.sure for entry in accepted) else "# accepted:"]  # fmt: skip
    for entry in accepted:
        _entry(out, f"{entry.value}  # {REACH_TEXTS[entry.value]}", entry, "  ")  # type: ignore[index]
    out += [
        f"#   - {name}{' ' * max(1, 26 - len(name))}# {text}" for name, text in REACH_TEXTS.items() if name not in given
    ]
    if assumed:
        out += ["", "# What AWS documents or these policies take on trust; a proof that needs one names it.",
                "assumptions:" if any(entry.sure for entry in assumed) else "# assumptions:"]  # fmt: skip
    for entry in assumed:
        _entry(out, f"{entry.value}  # {FACTS[entry.value]}", entry, "  ")


def _exceptions(out: list[str], found: Proposals) -> None:
    tags, roles = found.of("tags"), found.of("roles")
    if not tags and not roles:
        return
    out += ["# Callers and resources that guardrails leave out. Who can set these tags and assume these roles?",
            "exceptions:"]  # fmt: skip
    for name, entries in (("roles", roles), ("tags", tags)):
        if entries:
            out.append(f"  {name}:")
        for entry in entries:
            value = f"arn: {entry.value}" if name == "roles" else entry.value
            _entry(out, f"{{{value}, objectives: [{', '.join(sorted(entry.about))}]}}", entry, "    ")
    out.append("")


def _scopes(out: list[str], found: Proposals) -> None:
    scopes = {claim: found.of(f"scope {claim}") for claim in ("O1", "O6")}
    excepted = {claim: found.of(f"except {claim}") for claim in ("O2", "O3", "O5")}
    if not any((*scopes.values(), *excepted.values())):
        return
    out += ["# What the guardrails claim to cover: the services that RCPs name, without actions that SCPs leave out",
            "# or that endpoints let everybody call on named resources.",
            "scopes:"]  # fmt: skip
    for claim, entries in scopes.items():
        if entries:
            out += [f"  # from {_line(_places(entries))}", f"  {claim}: [{_quoted_list(entries)}]"]
    for claim, entries in excepted.items():
        if entries:
            out += [f"  # from {_line(_places(entries))}", f"  {claim}: {{except: [{_quoted_list(entries)}]}}"]
    out.append("")


def _places(entries: Iterable[Proposal]) -> str:
    return "; ".join(list(dict.fromkeys(place for entry in entries for place in entry.places))[:_PLACES])


def _quoted_list(entries: Iterable[Proposal]) -> str:
    return ", ".join(f'"{entry.value}"' for entry in entries)


def _line(text: str) -> str:
    return " ".join(text.split())
