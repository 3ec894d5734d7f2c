"""IAM in templates."""

from __future__ import annotations

from perimeter_smt.organization.readers.cloudformation.stack import Item, Stack
from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.organization.readers.draft.draft import Holder
from perimeter_smt.policy.json_positions import Node
from perimeter_smt.policy.kinds import Kind

POD_ASSOCIATION = "AWS::EKS::PodIdentityAssociation"
_KINDS = {"AWS::IAM::Role": "role", "AWS::IAM::User": "user", "AWS::IAM::Group": "group"}
_NAMES = {"role": "Roles", "user": "Users", "group": "Groups"}


def read(stack: Stack) -> None:
    """Roles, users, groups and policies of a template."""
    for item in stack.of("AWS::IAM::ManagedPolicy"):
        if arn := item.arn():
            found = item.policy(item.properties.get("PolicyDocument"), of_others=True) or NotKnown("denies at most")
            found = stack.torn(item, arn, whole=arn in stack.draft.managed) or found
            stack.draft.managed[arn] = stack.draft.policy(found, Kind.IDENTITY, item.logical, item.at)
    for item in stack.of(*_KINDS):
        _holder(item, str(item.node.value["Type"].value))  # type: ignore[index,union-attr,call-overload]
    for item in stack.of("AWS::IAM::ManagedPolicy"):
        arn = item.arn()
        for holder in _named(item) if arn else ():
            holder.attached.append(str(arn))
            holder.grown = True
    for item in stack.of("AWS::IAM::Policy"):
        for holder in _named(item):
            _own(item, holder, item.properties.get("PolicyDocument"), item.logical, of_others=True)
    for kind in ("Role", "User", "Group"):
        for item in stack.of(f"AWS::IAM::{kind}Policy"):
            if owner := _one(item, item.get(f"{kind}Name"), kind.lower()):
                _own(item, owner, item.properties.get("PolicyDocument"), item.logical, of_others=True)
    for item in stack.of("AWS::RolesAnywhere::Profile"):
        _profile(item)
    for item in stack.of(POD_ASSOCIATION):
        _association(item)
    for item in stack.of("AWS::IAM::UserToGroupAddition"):
        _membership(item)


def _profile(item: Item) -> None:
    """A profile of IAM Roles Anywhere; its session policy is a text."""
    roles, policy, managed = (item.get(name) for name in ("RoleArns", "SessionPolicy", "ManagedPolicyArns"))
    name = item.get("Name")
    if isinstance(managed, NotKnown):
        policy, managed = managed, ()
    if item.doubt is not None:
        policy = NotKnown(f"needs {item.doubt}")
    enabled = item.get("Enabled")
    item.stack.draft.profile(
        name if isinstance(name, str) else item.logical,
        None if isinstance(roles, NotKnown) else [str(role) for role in roles or ()],
        policy,
        [str(arn) for arn in managed or ()],
        item.at,
        enabled=enabled not in (False, "false"),
    )


def _association(item: Item) -> None:
    """An association of EKS Pod Identity; its session policy is a text."""
    role, policy, target = (item.get(name) for name in ("RoleArn", "Policy", "TargetRoleArn"))
    if not isinstance(role, str):
        reason = role.reason if isinstance(role, NotKnown) else "not told"
        item.stack.draft.unknown(f"role of `{item.logical}`", reason, "facts", item.at)
        return
    if item.doubt is not None or isinstance(target, NotKnown):
        policy = NotKnown(f"needs {item.doubt}" if item.doubt else str(target.reason))
    item.stack.draft.association(item.logical, role, policy, target if isinstance(target, str) else "", item.at)


def _holder(item: Item, kind: str) -> None:
    arn, draft = item.arn(), item.stack.draft
    if arn is None:
        return
    where, key = draft.place_of_principal(arn)
    before = where.get(key)
    if before is not None and before.whole:
        if (why := item.stack.torn(item, arn, whole=True)) is not None:
            before.own.append(why)  # it is left out: neither of the two says what it may do, or who may take it
            before.trust = why if before.trust is not None else None
        return
    item.stack.torn(item, arn, whole=False)
    boundary = item.get("PermissionsBoundary")
    role = kind == "AWS::IAM::Role"
    trust = item.policy(item.properties.get("AssumeRolePolicyDocument")) if role else None
    holder = draft.principal(arn, item.at, boundary=boundary, trust=trust, tags=tags_of(item))
    holder.whole = True
    _attach(item, holder, "ManagedPolicyArns")
    policies = item.items("Policies")
    for policy in [policies] if isinstance(policies, NotKnown) else policies:
        if isinstance(policy, NotKnown) or not isinstance(policy.value, dict) or "PolicyDocument" not in policy.value:
            found: object = policy if isinstance(policy, NotKnown) else item.policy(policy)
            if isinstance(found, Node) and isinstance(found.value, dict):
                found = found.value.get("PolicyDocument")
            if found is not None:
                holder.own.append(draft.policy(found, Kind.IDENTITY, item.logical, item.at))
        else:
            _own(item, holder, policy.value["PolicyDocument"], item.logical)
    if kind == "AWS::IAM::User":
        groups = item.get("Groups") or ()
        if isinstance(groups, NotKnown):
            holder.own.append(groups)
        else:
            holder.groups += [f"arn:{item.stack.resolver.names.partition}:iam::{item.stack.account}:group/{g}"
                              for g in groups]  # fmt: skip


def _attach(item: Item, holder: Holder, name: str) -> None:
    arns = item.items(name)
    for node in [arns] if isinstance(arns, NotKnown) else arns:
        found = node if isinstance(node, NotKnown) else item.plain(node)
        if isinstance(found, NotKnown):
            holder.own.append(found)
        elif found is not None:
            holder.attached.append(str(found))


def _own(item: Item, holder: Holder, node: Node | None, name: str, *, of_others: bool = False) -> None:
    found = item.policy(node, of_others=of_others)
    if found is not None:
        holder.grown = True
        holder.own.append(item.stack.draft.policy(found, Kind.IDENTITY, name, item.at))


def _named(item: Item) -> list[Holder]:
    """The roles, users and groups that a policy names."""
    out = []
    for kind, name in _NAMES.items():
        nodes = item.items(name)
        for node in [nodes] if isinstance(nodes, NotKnown) else nodes:
            found = node if isinstance(node, NotKnown) else item.plain(node)
            if found is not None and (holder := _one(item, found, kind)):
                out.append(holder)
    return out


def _one(item: Item, name: object, kind: str) -> Holder | None:
    """A role, user or group by name: of this template, or begun here and held by the organization."""
    draft, account = item.stack.draft, item.stack.account
    if not isinstance(name, str):
        reason = name.reason if isinstance(name, NotKnown) else "not told"
        draft.unknown(f"{kind} of `{item.logical}`", reason, "grants", item.at, account=account, holds="caller")
        return None
    beginning = f"arn:{item.stack.resolver.names.partition}:iam::{account}:{kind}/"
    where = draft.groups if kind == "group" else draft.principals
    known = (a for a in where if a.startswith(beginning) and a.rsplit("/", 1)[1] == name)
    return draft.named_elsewhere(next(known, f"{beginning}{name}"), item.at)


def _membership(item: Item) -> None:
    group = item.get("GroupName")
    users = item.get("Users") or ()
    for user in () if isinstance(users, NotKnown) else users:
        holder, found = _one(item, user, "user"), _one(item, group, "group")
        if holder and found:
            holder.groups.append(found.arn)


def tags_of(item: Item) -> dict[str, str]:
    """The tags of a resource; where they are not known, they are named."""
    found = item.get("Tags")
    if isinstance(found, NotKnown):
        item.stack.draft.unknown(f"tags of `{item.logical}`", found.reason, "facts", item.at)
        return {}
    return {str(tag["Key"]): str(tag["Value"]) for tag in found or () if isinstance(tag, dict) and "Key" in tag}
