"""The record that `perimeter collect` leaves beside the answers: what was read whole, and what was not."""

from __future__ import annotations

from perimeter_smt.organization.readers.aws_cli.answer import Answer


def manifest(answer: Answer) -> None:
    """Accounts that were read whole are complete; what was not read is not known."""
    found = answer.value
    draft = answer.draft
    draft.collected.update(found.get("collected") or {})
    draft.complete.update(found.get("complete", ()))
    draft.endpoints_listed = bool(found.get("endpoints_complete"))
    not_asked = found.get("not_asked")
    if not_asked and not draft.whole:  # who says that the source is whole knows what was asked
        draft.unknown("what was not collected", f"not asked for: {', '.join(not_asked)}", "grants", answer.at,
                      account="*")  # fmt: skip
    for index, item in enumerate(found.get("missing", ())):
        affects = item.get("affects", "grants")
        account = item.get("account", "*") if affects == "grants" else ""
        draft.unknown(item["what"], item["reason"], affects, answer.at.at("missing", index), account=account)
