"""Tags that nobody told, where policies or exceptions look at tags: a fact that proofs lean on (W-7)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from perimeter_smt.organization.model import Organization
from perimeter_smt.organization.perimeter import Perimeter
from perimeter_smt.organization.readers.draft import Draft, Place
from perimeter_smt.organization.readers.inferred import conditions_of, documents_of
from perimeter_smt.policy.document import Document

_CALLERS = ":iam:"
_VARIABLE = re.compile(r"\$\{\s*([^},\s]+)")


def untold_tags(draft: Draft) -> tuple[tuple[str, str], ...]:
    """The principals and resources whose tags nobody told, by ARN, with the places where they stand."""
    return tuple((arn, str(at)) for arn, at in sorted(draft.untagged.items()) if not _listed(draft, arn))


def name_untold_tags(
    draft: Draft, untold: Iterable[tuple[str, str]], organization: Organization, perimeter: Perimeter
) -> None:
    """Note principals and resources without told tags, if any policy or exception of the organization tests tags."""
    places = dict(untold)
    if not places:
        return
    tested = {name for document in documents_of(organization) for name in _keys(document) if "tag/" in name}
    callers = any(name.startswith(("aws:principaltag/", "iam:resourcetag/")) for name in tested)
    called = any("resourcetag/" in name or "buckettag/" in name for name in tested)
    callers |= any(entry.on == "principal" for entry in perimeter.tag_exceptions)
    called |= any(entry.on == "resource" for entry in perimeter.tag_exceptions)
    principals = [arn for arn in places if _CALLERS in arn] if callers or called else []
    resources = [arn for arn in places if _CALLERS not in arn] if called else []
    _note(draft, "principal", principals, places)
    _note(draft, "resource", resources, places)


def _keys(document: Document) -> Iterator[str]:
    """The keys that a document looks at, in conditions and as variables of values."""
    for condition in conditions_of(document):
        yield condition.name
        yield from _variables(condition.values)
    for statement in document.statements:
        if statement.resource is not None:
            yield from _variables(statement.resource.values)


def _variables(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (name.lower() for name in _VARIABLE.findall(text))


def told_by(draft: Draft, arn: str) -> bool:
    """Whether a change tells the tags of what stands in the organization: it makes all of it."""
    holder, thing = draft.principals.get(arn), draft.resources.get(arn)
    return bool((holder and holder.whole) or (thing and thing.whole))


def _note(draft: Draft, what: str, arns: Iterable[str], places: Mapping[str, str]) -> None:
    found = sorted(arns)
    if found:
        of = f"{what} `{found[0]}`" + (f" and {len(found) - 1} more" if len(found) > 1 else "")
        draft.unknown(f"tags of {of}", "not told, and policies look at tags: taken to have none", "facts",
                      Place(places[found[0]]))  # fmt: skip


def _listed(draft: Draft, arn: str) -> bool:
    """Whether the tags of all resources there are told, so that one that is not among them has none."""
    fields = arn.split(":", 5)
    if arn in draft.tags or fields[2] == "iam":
        return arn in draft.tags
    thing = draft.resources.get(arn)
    account = thing.account if thing is not None else fields[4]
    if fields[3]:
        return (account, fields[3]) in draft.tags_listed - draft.tags_cut
    return account in {own for own, _ in draft.tags_listed} - {own for own, _ in draft.tags_cut}
