"""Tags that nobody told, where policies or exceptions look at tags: a fact that proofs lean on (W-7)."""

from __future__ import annotations

from collections.abc import Iterable

from perimeter_smt.organization.model import Organization
from perimeter_smt.organization.perimeter import Perimeter
from perimeter_smt.organization.readers.draft import Draft
from perimeter_smt.organization.readers.inferred import conditions_of, documents_of

_CALLERS = ":iam:"


def name_untold_tags(draft: Draft, organization: Organization, perimeter: Perimeter) -> None:
    """Note principals and resources without told tags, if any policy or exception of the organization tests tags."""
    untold = [arn for arn in draft.untagged if not _listed(draft, arn)]
    if not untold:
        return
    tested = {c.name for document in documents_of(organization) for c in conditions_of(document) if "tag/" in c.name}
    callers = any(name.startswith(("aws:principaltag/", "iam:resourcetag/")) for name in tested)
    called = any("resourcetag/" in name or "buckettag/" in name for name in tested)
    callers |= any(entry.on == "principal" for entry in perimeter.tag_exceptions)
    called |= any(entry.on == "resource" for entry in perimeter.tag_exceptions)
    principals = [arn for arn in untold if _CALLERS in arn] if callers or called else []
    resources = [arn for arn in untold if _CALLERS not in arn] if called else []
    _note(draft, "principal", principals)
    _note(draft, "resource", resources)


def _note(draft: Draft, what: str, arns: Iterable[str]) -> None:
    found = sorted(arns)
    if found:
        of = f"{what} `{found[0]}`" + (f" and {len(found) - 1} more" if len(found) > 1 else "")
        draft.unknown(f"tags of {of}", "not told, and policies look at tags: taken to have none", "facts",
                      draft.untagged[found[0]])  # fmt: skip


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
