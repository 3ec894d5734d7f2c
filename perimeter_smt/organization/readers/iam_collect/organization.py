"""The organization in such a folder: structure, SCPs and RCPs, attachments, wherever the files tell them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from perimeter_smt.organization.readers.draft import Draft, NotKnown, Place
from perimeter_smt.policy.kinds import Kind

_POLICY = re.compile(r"p-(?:FullAWSAccess|RCPFullAWSAccess|[0-9a-z_]{8,128})$")
_BOX = re.compile(r"r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|[0-9]{12}")
_PARTS = (("scps", Kind.SCP), ("rcps", Kind.RCP))


def read_organization(folder: Path, draft: Draft) -> None:
    """One organization: its id is the name of the folder."""
    from perimeter_smt.organization.readers.iam_collect.read import decoded

    at = Place(str(folder))
    draft.belongs(folder.name, at)
    for part, kind in _PARTS:
        for own in sorted(p for p in (folder / part).iterdir() if p.is_dir()) if (folder / part).is_dir() else ():
            _control(own, kind, draft)
    for file in (*sorted(folder.glob("*.json")), *sorted((folder / "ous").rglob("*.json"))):
        value = decoded(file)
        if file.parent.name != "ous" and _BOX.fullmatch(file.parent.name):
            value = {file.parent.name: value}
        _walk(value, None, draft, Place(str(file)))
    if draft.controls and not draft.attachments:
        draft.unknown("attachments of SCPs and RCPs", "no file tells them; the policies stop nothing", "guardrails", at)
    draft.accounts_listed = bool(draft.accounts)


def _control(folder: Path, kind: Kind, draft: Draft) -> None:
    from perimeter_smt.organization.readers.iam_collect.read import contents, is_policy

    files = contents(folder)
    metadata = files.get("metadata", ({}, Place(str(folder))))[0]
    policy = next(((value, place) for value, place in files.values() if is_policy(value)), None)
    value, at = policy or (NotKnown("no file of it is a policy"), Place(str(folder)))
    draft.control(folder.name, str(metadata.get("name") or metadata.get("Name") or folder.name), kind, value, at)
    for target in metadata.get("targets") or ():
        found = _BOX.fullmatch(str(target.get("targetId") or target.get("id") if isinstance(target, dict) else target))
        if found:
            draft.attach(folder.name, found.group(), at)


def _walk(value: Any, parent: str | None, draft: Draft, at: Place) -> None:
    """Units and accounts by id, whatever holds them: as keys of objects, or as members `id`."""
    if isinstance(value, list):
        for item in value:
            _walk(item, parent, draft, at)
        return
    if isinstance(value, str):
        if re.fullmatch(r"[0-9]{12}", value):
            draft.account(value, at, parent=parent)
        return
    if not isinstance(value, dict):
        return
    own = next((value[n] for n in ("id", "Id") if isinstance(value.get(n), str) and _BOX.fullmatch(value[n])), None)
    if own is not None:
        _box(own, value, parent, draft, at)
        parent = own
    for key, item in value.items():
        if _BOX.fullmatch(key) and key != own:
            _box(key, item if isinstance(item, dict) else {}, parent, draft, at)
            _walk(item, key, draft, at)
        elif key in ("scps", "rcps"):
            for policy in item if isinstance(item, list) else ():
                text = policy if isinstance(policy, str) else str((policy or {}).get("arn") or (policy or {}).get("id"))
                found = _POLICY.search(text)
                if found and parent:
                    draft.attach(found.group(), parent, at)
            if key == "scps" and parent and isinstance(item, list):
                draft.targets_known.add(parent)
        elif key in ("masterAccountId", "managementAccountId", "MasterAccountId") and isinstance(item, str):
            draft.management = item
        elif key in ("children", "accounts", "ous", "units", "root", "roots"):
            _walk(item, parent, draft, at)


def _box(own: str, found: dict[str, Any], parent: str | None, draft: Draft, at: Place) -> None:
    name = str(found.get("name") or found.get("Name") or "")
    above = found.get("parent") or found.get("parentId") or parent
    above = above if isinstance(above, str) and _BOX.fullmatch(above) and above != own else None
    (draft.account if own.isdigit() else draft.unit)(own, at, name=name, parent=above)
