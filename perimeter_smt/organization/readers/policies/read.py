"""A folder of policies without an organization, such as a repository keeps them: `scps/*.json`, `iam/*.json`.

Guarantee: what no file tells is named. Where a policy has to stand somewhere to say anything, it is put there and that
is a fact not known: SCPs and RCPs at the root, trust policies and policies of resources in one account.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from perimeter_smt.errors import InputError
from perimeter_smt.files import read_text
from perimeter_smt.git_ignored import files_below
from perimeter_smt.organization.readers.aws_cli.answer import TARGET, account_in, region_in
from perimeter_smt.organization.readers.draft import Draft, NotKnown, Place
from perimeter_smt.organization.readers.draft.assemble import SOME_ROOT
from perimeter_smt.organization.readers.draft.draft import FULL_ACCESS, Door, kind_of, owner_in
from perimeter_smt.organization.readers.options import MEMBER_ACCOUNT, REGION, VPC
from perimeter_smt.organization.readers.policies import named
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.guessed_kind import guess_kind, is_policy
from perimeter_smt.policy.json_positions import MAX_CHARACTERS, Node, read_json
from perimeter_smt.policy.kind_of_file import kind_of_file
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.resembling import json_of, resembles_policy

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.sources import SourceOptions

_GUARDRAILS = (Kind.SCP, Kind.RCP)
_NO_HOLDER = {
    Kind.IDENTITY: "identity policies",
    Kind.BOUNDARY: "permissions boundaries",
    Kind.SESSION: "session policies",
}


@dataclass(frozen=True, slots=True)
class File:
    """A policy, its kind, and its path below the folder without the extension."""

    node: Node
    kind: Kind
    name: str
    at: Place


@dataclass(slots=True)
class _Reading:
    """What is read into, and what was taken because nobody tells it: each is named once, in the end."""

    draft: Draft
    options: SourceOptions
    likely: str = MEMBER_ACCOUNT
    guessed: dict[str, None] = field(default_factory=dict)  # `account 111122223333`
    called: list[str] = field(default_factory=list)  # files whose names stand for those of roles, keys, endpoints
    attached: Counter[str] = field(default_factory=Counter)
    unheld: Counter[Kind] = field(default_factory=Counter)

    def account(self, file: File) -> str:
        """The account that the folder names, or an option; else the one that policies suggest."""
        if found := account_in(file.name) or self.options.account:
            return found
        self.guessed[f"account {self.likely}"] = None
        return self.likely

    def region(self, file: File) -> str:
        """The Region that the folder names, or an option; else any."""
        if found := region_in(file.name) or self.options.region:
            return found
        self.guessed[f"Region {REGION}"] = None
        return REGION


def holds_policies(folder: Path) -> bool:
    """Whether a policy by itself lies anywhere below a folder."""
    return next(_policies(folder), None) is not None


def read(path: Path, draft: Draft, options: SourceOptions) -> None:
    """Read every policy below a folder that git does not ignore. InputError for what is meant as one and is no JSON."""
    files = []
    for file, text in _policies(path):
        node = read_json(text, file=str(file))
        name = file.relative_to(path).with_suffix("").as_posix()
        files.append(File(node, _kind(file, path, text), name, Place(str(file))))
    draft.guardrails_told = set()
    reading = _Reading(draft, options, _likely(files))
    for each in files:
        _put(each, reading)
    _name_guesses(reading, Place(str(path)))


def _likely(files: list[File]) -> str:
    """The account in which most resources lie that policies name, and to which most keys are left; else any."""
    seen: Counter[str] = Counter()
    for file in files:
        if file.kind in (Kind.RESOURCE, Kind.BUCKET, Kind.ACCESS_POINT, Kind.KMS):
            arn = named.resource_in(file.node) or ""
            seen[owner_in(arn) or (named.account_of_key(file.node) if file.kind is Kind.KMS else "")] += 1
    del seen[""]
    return seen.most_common(1)[0][0] if seen else MEMBER_ACCOUNT


def _policies(folder: Path) -> Iterator[tuple[Path, str]]:
    """The files that are meant as policies, with their texts."""
    for file in files_below(folder, ".json"):
        try:
            text = read_text(file, MAX_CHARACTERS, "one policy")
        except InputError:
            continue  # too large for a policy, or no text
        if resembles_policy(text, json_of(text)):
            yield file, text


def _kind(file: Path, top: Path, text: str) -> Kind:
    """The kind by the name of the file or its folders, where the policy can be one; else by what it holds."""
    value = json_of(text)
    whole = isinstance(value, dict) and is_policy(value)
    found = _by_content(file.relative_to(top), value) if isinstance(value, dict) and whole else None
    try:
        told = kind_of_file(file, top)
    except InputError:
        return found or Kind.IDENTITY
    if found is None:
        return told
    if told.is_identity_type is not found.is_identity_type or (told is Kind.TRUST) is not (found is Kind.TRUST):
        return found  # its elements are not those of the kind that was told
    return found if told is Kind.RESOURCE and found.is_resource_type and found is not Kind.TRUST else told


def _by_content(name: Path, value: dict[str, object]) -> Kind:
    """The kind that a policy looks like. One that may be of an endpoint or of a resource is one that may grant."""
    found = guess_kind(value).kind
    if found.is_endpoint:
        return Kind.RESOURCE
    return Kind.IDENTITY if found is Kind.SCP and "iam" in name.parts else found


def _put(file: File, reading: _Reading) -> None:
    if file.kind in _GUARDRAILS:
        _guardrail(file, reading)
    elif file.kind is Kind.TRUST:
        _role(file, reading)
    elif file.kind.is_endpoint:
        _endpoint(file, reading)
    elif file.kind in _NO_HOLDER:
        _unheld(file, reading)
    else:
        _resource(file, reading)


def _stem(file: File) -> str:
    return file.name.rsplit("/", 1)[-1]


def _guardrail(file: File, reading: _Reading) -> None:
    """Attached to the unit or account that a folder names, else to the root."""
    draft = reading.draft
    draft.control(file.name, _stem(file), file.kind, file.node, file.at)
    folders = file.name.rpartition("/")[0]
    target = next(iter(reversed(TARGET.findall(folders))), "")
    if target.startswith("ou-"):
        draft.unit(target, file.at)
    elif target.isdigit():
        draft.account(target, file.at)
    draft.attach(file.name, target or draft.root or SOME_ROOT, file.at)
    policy = draft.controls[file.name].policy
    if _stem(file) in FULL_ACCESS:
        return
    if not target:
        reading.attached[file.kind.value.upper()] += 1
    if file.kind is Kind.SCP and isinstance(policy, Document) and any(s.effect == "Allow" for s in policy.statements):
        reason = "not told whether it stays attached beside it: taken to be, so that the SCP allows nothing less"
        draft.unknown(f"`{FULL_ACCESS[0]}` beside SCP `{_stem(file)}`", reason, "guardrails", file.at)


def _role(file: File, reading: _Reading) -> None:
    """A role with this trust policy, called like the file; what it may do is told nowhere."""
    head = f"arn:{reading.draft.partition}:iam::{reading.account(file)}:role/"
    arn = f"{head}{named.role(_stem(file))}"
    if arn in reading.draft.principals:  # two files of one name
        arn = f"{head}{named.role(file.name)}"
    holder = reading.draft.principal(arn, file.at, trust=file.node)
    holder.own.append(NotKnown("no file tells its policies"))
    reading.draft.untagged.setdefault(arn, file.at)
    reading.called.append(file.name)


def _endpoint(file: File, reading: _Reading) -> None:
    """An endpoint with this policy, for the service that the name or the actions tell."""
    service = named.endpoint_service(file.name, file.node)
    own = named.id_of("vpce", file.name)
    policy = reading.draft.policy(file.node, Kind.ENDPOINT, _stem(file), file.at)
    reading.draft.doors[own] = Door(
        own, reading.account(file), VPC, reading.region(file), file.at, services=(service,) if service else (),
        policy=policy, stands_for=True,
    )  # fmt: skip
    reading.called.append(file.name)


def _unheld(file: File, reading: _Reading) -> None:
    """Policies of users and roles: nobody tells whose. An identity policy is one that can be attached."""
    reading.unheld[file.kind] += 1
    if file.kind is Kind.IDENTITY:
        arn = f"arn:{reading.draft.partition}:iam::{reading.account(file)}:policy/{named.role(_stem(file))}"
        reading.draft.managed[arn] = reading.draft.policy(file.node, Kind.IDENTITY, _stem(file), file.at)


def _resource(file: File, reading: _Reading) -> None:
    """The resource that the policy names, else one of the service that is called like the file."""
    draft = reading.draft
    arn = named.resource_in(file.node)
    if arn is None:
        form = named.made_up(file.node, file.kind, file.name)
        if form is None:
            draft.unknown(f"resource of policy `{file.name}`", "neither its name nor what it says tells one", "grants",
                          file.at, account="*", holds="resource")  # fmt: skip
            return
        service, rest = form
        arn = f"arn:{draft.partition}:{service}:{reading.region(file)}:{reading.account(file)}:{rest}"
        reading.called.append(file.name)
    if arn in draft.resources:
        policy: object = NotKnown("several files are its policy")
    else:
        policy = draft.policy(file.node, kind_of(arn), _stem(file), file.at)
    account = arn.split(":", 5)[4] or reading.account(file)
    thing = draft.resource(arn, account, file.at)
    thing.policy = policy if isinstance(policy, (Document, NotKnown)) else None
    draft.untagged.setdefault(arn, file.at)


def _name_guesses(reading: _Reading, at: Place) -> None:
    draft = reading.draft
    for kind, count in sorted(reading.attached.items()):
        what = f"where {count} {kind}{'s are' if count > 1 else ' is'} attached"
        draft.unknown(what, "no folder names a unit or account: taken to be the root of the organization", "facts", at)
    for kind, count in sorted(reading.unheld.items()):
        words = _NO_HOLDER[kind] if count > 1 else _NO_HOLDER[kind].replace("ies", "y").removesuffix("s")
        draft.unknown(f"who has {count} {words}", "no file tells: whoever is of the accounts may hold anything",
                      "grants", at, account="*", holds="caller")  # fmt: skip
    if reading.called:
        shown = ", ".join(f"`{name}`" for name in reading.called[:3])
        more = f" and {len(reading.called) - 3} more" if len(reading.called) > 3 else ""
        reason = f"no policy tells it: taken to be called like the files, {shown}{more}"
        count = len(reading.called)
        what = f"names of what {count} policies are for" if count > 1 else "name of what 1 policy is for"
        draft.unknown(what, reason, "facts", at)
    for guess in reading.guessed:
        what, _, value = guess.partition(" ")
        reason = f"not told, taken to be `{value}`: say `--{what.lower()}`, or name a folder so"
        draft.unknown(f"{what} of the policies", reason, "facts", at)
