"""The layout is documented down to the folder of a resource; files in it are told apart by what they hold.

`aws/PARTITION/accounts/ACCOUNT/SERVICE/[REGION/][TYPE/]ID/metadata.json`, beside it policies and other data;
`aws/PARTITION/organizations/ID/` with `scps`, `rcps`, `ous` and files about accounts and structure.
Reference: storage page of iam-collect's documentation. What is not told apart is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers.draft import Draft, NotKnown, Place
from perimeter_smt.organization.readers.iam_collect.organization import read_organization
from perimeter_smt.policy.kinds import Kind

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.sources import SourceOptions

_ARNS = ("arn", "Arn", "ARN")
_NAMES = ("PolicyName", "policyName", "name", "Name")
_DOCUMENTS = ("PolicyDocument", "policyDocument", "document", "Document", "policy", "Policy")
Files = dict[str, tuple[Any, Place]]


def read(path: Path, draft: Draft, _: SourceOptions) -> None:
    """Read the folder, or the folder `aws` in it."""
    top = path / "aws" if (path / "aws").is_dir() and not (path / "accounts").is_dir() else path
    partitions = [top] if (top / "accounts").is_dir() else sorted(p for p in top.iterdir() if p.is_dir())
    for partition in partitions:
        for folder in _folders(partition / "organizations"):
            read_organization(folder, draft)
        for account in _folders(partition / "accounts"):
            draft.account(account.name, Place(str(account)))
            for metadata in sorted(account.rglob("metadata.json")):
                _resource(metadata.parent, account.name, draft)


def _folders(path: Path) -> Iterator[Path]:
    yield from sorted(p for p in path.iterdir() if p.is_dir()) if path.is_dir() else ()


def contents(folder: Path) -> Files:
    """The decoded files of a folder, by name."""
    out: Files = {}
    for file in sorted(folder.glob("*.json")):
        out[file.stem] = (decoded(file), Place(str(file)))
    return out


def decoded(file: Path) -> Any:
    """What a file holds; InputError for what is no JSON."""
    from perimeter_smt.organization.readers.recognise import read_bytes

    try:
        return orjson.loads(read_bytes(file))
    except orjson.JSONDecodeError:
        raise InputError("not JSON", file=str(file)) from None


def is_policy(value: Any) -> bool:
    """Whether a value is a policy document."""
    return isinstance(value, dict) and "Statement" in value


def _holds_policy(value: Any, depth: int = 4) -> bool:
    """Whether a policy stands somewhere inside."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return is_policy(value) or (depth > 0 and any(_holds_policy(item, depth - 1) for item in inner))


def _resource(folder: Path, account: str, draft: Draft) -> None:
    files = contents(folder)
    metadata, at = files.pop("metadata")
    if not isinstance(metadata, dict):
        raise InputError("metadata of another form than iam-collect writes: expected an object", file=str(at))
    arn = next((metadata[name] for name in _ARNS if isinstance(metadata.get(name), str)), None)
    if arn is None or arn.count(":") < 5:
        where = "/".join(folder.parts[folder.parts.index("accounts") + 2 :]) if "accounts" in folder.parts else folder
        draft.unknown(f"policy of `{where}`", "its metadata has no ARN", "grants", at, account=account)
        return
    kind = arn.split(":", 5)[5].split("/")[0] if ":iam::" in arn else ""
    if kind in ("role", "user", "group"):
        _principal(arn, kind, metadata, files, at, draft)
    elif kind == "policy":
        found = next(((value, place) for value, place in files.values() if is_policy(value)), None)
        value, place = found or (NotKnown("no file of it is a policy"), at)
        draft.managed[arn] = draft.policy(value, Kind.IDENTITY, arn.rsplit("/", 1)[-1], place)
    else:
        policies = [(value, place) for value, place in files.values() if is_policy(value)]
        unclear = [name for name, (value, _) in files.items()
                   if not is_policy(value) and ("policy" in name or _holds_policy(value))]  # fmt: skip
        policy: object = NotKnown(f"`{unclear[0]}.json` is no policy") if unclear else None
        if ":kms:" in arn and not policies:  # every key has one
            policy = NotKnown("no file is its policy")
        if len(policies) == 1:
            policy = policies[0][0]
        elif policies:
            policy = NotKnown("several files are policies")
        draft.resource(arn, account, policies[0][1] if policies else at, policy=policy)


def _principal(arn: str, kind: str, metadata: dict[str, Any], files: Files, at: Place, draft: Draft) -> None:
    own: list[tuple[str, object, Place]] = []
    attached: list[str] = []
    groups: list[str] = []
    trust: object = None
    told = False
    boundary = metadata.get("permissionBoundary") or metadata.get("permissionsBoundary")
    for name, (value, place) in files.items():
        if is_policy(value):
            trust = value if kind == "role" else trust
        elif "bound" in name and isinstance(value, (str, dict)):
            texts = [value] if isinstance(value, str) else [v for v in value.values() if isinstance(v, str)]
            boundary = next(iter(texts), None)
        elif isinstance(value, list):
            told = True
            for index, item in enumerate(value):
                document = next((item[n] for n in _DOCUMENTS if n in item), None) if isinstance(item, dict) else None
                text = item if isinstance(item, str) else _arn_in(item)
                if document is not None:
                    label = next((str(item[n]) for n in _NAMES if n in item), "inline")
                    own.append((label, document, place.at(index)))
                elif text and ":group/" in text:
                    groups.append(f"{text.partition(':group/')[0]}:group/{text.rsplit('/', 1)[-1]}")
                elif text and ":policy/" in text:
                    attached.append(text)
                else:
                    own.append(("unclear", NotKnown(f"`{name}.json` is of no form that is known"), place))
    holder = draft.principal(
        arn, at, own=own, attached=attached, groups=groups, trust=trust,
        boundary=boundary if isinstance(boundary, str) else None, tags=_tags(metadata.get("tags")),
    )  # fmt: skip
    if not told and kind != "group":
        holder.own.append(NotKnown("no file tells its policies"))


def _arn_in(item: Any) -> str | None:
    if not isinstance(item, dict):
        return None
    return next((v for v in item.values() if isinstance(v, str) and v.startswith("arn:")), None)


def _tags(found: Any) -> dict[str, str]:
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}
