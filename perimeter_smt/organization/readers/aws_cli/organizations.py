"""`aws organizations`: the tree, SCPs and RCPs, and where they are attached."""

from __future__ import annotations

import re
from typing import Any

from perimeter_smt.organization.readers.aws_cli.answer import POLICY_ID, TARGET, Answer
from perimeter_smt.organization.readers.draft import NotKnown, Place, told
from perimeter_smt.policy.kinds import Kind

_ARN = re.compile(r"arn:[a-z-]+:organizations::([0-9]{12}):[a-z]+/(o-[a-z0-9]{10,32})/")
KINDS = {"SERVICE_CONTROL_POLICY": Kind.SCP, "RESOURCE_CONTROL_POLICY": Kind.RCP}


def learn(answer: Answer, arn: Any) -> None:
    """ARNs of Organizations hold the management account and the organization."""
    if isinstance(arn, str) and (found := _ARN.match(arn)):
        answer.draft.management = found[1]
        answer.draft.belongs(found[2], answer.at)


def organization(answer: Answer) -> None:
    """`describe-organization`."""
    found = answer.value["Organization"]
    answer.draft.belongs(found["Id"], answer.at)
    if found.get("MasterAccountId"):
        answer.draft.management = found["MasterAccountId"]


def roots(answer: Answer) -> None:
    """`list-roots`."""
    for index, item in enumerate(answer.value["Roots"]):
        learn(answer, item.get("Arn"))
        answer.draft.root = item["Id"]
        if "PolicyTypes" in item:  # those that are switched on
            on = {KINDS[each["Type"]].value for each in item["PolicyTypes"]
                  if each.get("Type") in KINDS and each.get("Status") == "ENABLED"}  # fmt: skip
            answer.draft.guardrails_told |= {"scp", "rcp"} - on
        answer.draft.unit(item["Id"], answer.at.at("Roots", index), name=item.get("Name", ""))


def units(answer: Answer) -> None:
    """`list-organizational-units-for-parent`: the parent stands in the name of the file."""
    parent = target_in(answer)
    for index, item in enumerate(answer.value["OrganizationalUnits"]):
        learn(answer, item.get("Arn"))
        above = item.get("ParentId") or (parent if parent != item["Id"] else None)
        answer.draft.unit(item["Id"], answer.at.at("OrganizationalUnits", index), name=item.get("Name", ""),
                          parent=above)  # fmt: skip


def unit(answer: Answer) -> None:
    """`describe-organizational-unit`."""
    item = answer.value["OrganizationalUnit"]
    learn(answer, item.get("Arn"))
    answer.draft.unit(item["Id"], answer.at, name=item.get("Name", ""), parent=item.get("ParentId"))


def accounts(answer: Answer) -> None:
    """`list-accounts`, or `list-accounts-for-parent` where the name of the file holds a root or unit."""
    parent = target_in(answer)
    parent = parent if parent and not parent.isdigit() else None
    for index, item in enumerate(answer.value["Accounts"]):
        if "Id" not in item:
            return
        learn(answer, item.get("Arn"))
        answer.draft.account(item["Id"], answer.at.at("Accounts", index), name=item.get("Name", ""),
                             parent=item.get("ParentId") or parent)  # fmt: skip
    if parent is None and not answer.cut and answer.value["Accounts"]:  # the management account is always one
        answer.draft.accounts_listed = True


def parents(answer: Answer) -> None:
    """`list-parents`: the child stands in the name of the file."""
    child = target_in(answer)
    for item in answer.value["Parents"]:
        if child and child != item["Id"]:
            box = answer.draft.account if child.isdigit() else answer.draft.unit
            box(child, answer.at, parent=item["Id"])


def policies(answer: Answer) -> None:
    """`list-policies`, or `list-policies-for-target` where the name of the file holds the target."""
    target = target_in(answer)
    for index, item in enumerate(answer.value["Policies"]):
        kind = KINDS.get(item.get("Type"))
        if kind is None:
            continue
        _summary(answer, item, kind, answer.at.at("Policies", index))
        if target:
            answer.draft.attach(item["Id"], target, answer.at.at("Policies", index))
    if target and answer.cut:
        answer.draft.cut_lists.add(target)
    elif target:
        for kind in {KINDS[p["Type"]] for p in answer.value["Policies"] if p.get("Type") in KINDS}:
            found = (p["Id"] for p in answer.value["Policies"] if KINDS.get(p.get("Type")) is kind)
            told.policies(answer.draft, target, kind.value, found)
            if kind is Kind.SCP:
                answer.draft.targets_known.add(target)


def _summary(answer: Answer, item: dict[str, Any], kind: Kind, at: Place) -> None:
    learn(answer, item.get("Arn"))
    answer.draft.control(item["Id"], item.get("Name", ""), kind, NotKnown("text not told"), at)


def policy(answer: Answer) -> None:
    """`describe-policy`."""
    found = answer.value["Policy"]
    summary = found["PolicySummary"]
    kind = KINDS.get(summary.get("Type"))
    if kind is None:
        return
    learn(answer, summary.get("Arn"))
    content = found.get("Content")
    value = content if content is not None else NotKnown("text not told")
    answer.draft.control(summary["Id"], summary.get("Name", ""), kind, value, answer.at.at("Policy", "Content"))


def targets(answer: Answer) -> None:
    """`list-targets-for-policy`: the policy stands in the name of the file."""
    found = POLICY_ID.findall(answer.name)
    own = answer.value.get("PolicyId") or (found[-1] if found else None)
    for index, item in enumerate(answer.value["Targets"]):
        at = answer.at.at("Targets", index)
        if own is None:
            reason = "neither the answer nor the name of its file tells which: name it such as `p-12345678.json`"
            answer.draft.unknown("policy of a list of targets", reason, "guardrails", answer.at)
            return
        learn(answer, item.get("Arn"))
        answer.draft.attach(own, item["TargetId"], at)
        if item.get("Type") == "ACCOUNT":
            answer.draft.account(item["TargetId"], at, name=item.get("Name", ""))
    if own is not None and answer.cut:
        answer.draft.cut_lists.add(own)
    elif own is not None:
        told.targets(answer.draft, own, (item["TargetId"] for item in answer.value["Targets"]))


def delegated(answer: Answer) -> None:
    """`list-delegated-services-for-account`: the account stands in the name of the file."""
    account = answer.value.get("AccountId") or answer.account
    for item in answer.value["DelegatedServices"]:
        if account:
            answer.draft.delegated.add((account, item["ServicePrincipal"]))
    if account and not answer.cut:
        answer.draft.delegates_told.add(account)


def administrators(answer: Answer) -> None:
    """`list-delegated-administrators`: all of them, where nothing says that they are those of one service.

    What they administer, other answers tell.
    """
    if answer.cut:
        answer.draft.delegates_cut = True
    elif answer.name.endswith("delegated-administrators") or answer.value.get("OfAllServices") is True:
        found = {item["Id"] for item in answer.value["DelegatedAdministrators"]}
        answer.draft.delegates = found | (answer.draft.delegates or set())


def resource_policy(answer: Answer) -> None:
    """`describe-resource-policy`: by it the organization delegates its administration."""
    found = answer.value["ResourcePolicy"]
    learn(answer, (found.get("ResourcePolicySummary") or {}).get("Arn"))
    content = found.get("Content")
    content = NotKnown(str(found.get("NotKnown") or "text not told")) if content is None else content
    answer.draft.delegate(content, answer.at.at("ResourcePolicy"))


def target_in(answer: Answer) -> str | None:
    """The root, unit or account that the name of the file holds, the last of them."""
    own = answer.value.get("TargetId") or answer.value.get("ParentId") or answer.value.get("ChildId")
    found = TARGET.findall(answer.name)
    return str(own) if own else found[-1] if found else None
