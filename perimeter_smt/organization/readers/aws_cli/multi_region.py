"""Multi-Region Access Points: `s3control list-multi-region-access-points`, `get-...` and `get-...-policy`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from perimeter_smt.organization.readers.aws_cli.answer import Answer
from perimeter_smt.organization.readers.draft import NotKnown, multi_region, told

_REPORT = ("Alias", "Name", "Regions")
_STATES = ("Established", "Proposed")


def reader_of(value: dict[str, Any]) -> Callable[[Answer], None] | None:
    """Who reads an answer about them; None for what is none."""
    found = value.get("AccessPoints")
    if isinstance(found, list) and found and all(map(_is_report, found)):
        return points
    if _is_report(value.get("AccessPoint")):
        return point
    found = value.get("Policy")
    return policy if isinstance(found, dict) and found and found.keys() <= {*_STATES} else None


def _is_report(found: object) -> bool:
    return isinstance(found, dict) and all(name in found for name in _REPORT)


def points(answer: Answer) -> None:
    """Every point of an account; their policies are other answers."""
    for report in answer.value["AccessPoints"]:
        _told(answer, report)


def point(answer: Answer) -> None:
    """One point; `perimeter collect` writes its policy beside it."""
    _told(answer, answer.value["AccessPoint"])


def _told(answer: Answer, report: dict[str, Any]) -> None:
    if not answer.account:
        what = f"policy of Multi-Region Access Point `{report['Name']}`"
        reason = f"its account is not told: say `{answer.draft.account_option}`"
        answer.draft.unknown(what, reason, "grants", answer.at, account="*", holds="resource")
        return
    arn = multi_region.arn_of(answer.partition, answer.account, report["Alias"])
    thing = answer.draft.resource(arn, answer.account, answer.at)
    multi_region.tell(thing, report["Regions"], report.get("PublicAccessBlock") or {})
    if "NotKnown" in answer.value:
        thing.policy = NotKnown(str(answer.value["NotKnown"]))
    elif "Policy" in answer.value:
        found = answer.value["Policy"]
        found = multi_region.established(found) if isinstance(found, dict) else found or None
        thing.policy = told.policy_of(answer.draft, arn, found, answer.at)
    elif thing.policy is None and arn not in answer.draft.told:
        thing.policy = NotKnown("text not told")


def policy(answer: Answer) -> None:
    """The policy; the points that it names tell whose it is."""
    states = answer.value["Policy"]
    texts = [(states.get(name) or {}).get("Policy") for name in _STATES]
    arn = next((found for text in texts if (found := multi_region.named_in(text))), None)
    if arn is None:
        reason = "its resources do not tell of which Multi-Region Access Point"
        answer.draft.unknown("resource policy", reason, "grants", answer.at, account=answer.account or "*",
                             holds="resource")  # fmt: skip
        return
    thing = answer.draft.resource(arn, arn.split(":")[4], answer.at)
    thing.policy = told.policy_of(answer.draft, arn, multi_region.established(states), answer.at)
