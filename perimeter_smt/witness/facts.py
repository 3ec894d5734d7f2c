"""A model's ground truth as facts, and the request's caller and resource (semantics 4.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import count

from perimeter_smt.encode.world import bucket_owners
from perimeter_smt.encode.world.accounts import org_of, path_of, units_of
from perimeter_smt.encode.world.bucket_owners import FOREIGN, UNTOLD
from perimeter_smt.encode.world.buckets import Listed
from perimeter_smt.encode.world.catalogue import CALL, Row
from perimeter_smt.encode.world.tags import hidden_tag
from perimeter_smt.encode.world.world import OUTSIDERS, World, region_hints
from perimeter_smt.logic.atoms import Ref, Template, Text
from perimeter_smt.logic.interpret import Model, truth
from perimeter_smt.organization.model import OwnedResource
from perimeter_smt.request.request import Facts, Principal

_KINDS = {
    "user": "user",
    "role": "role",
    "federated-user": "feduser",
    "root": "root",
    "aws-service": "service",
    "anonymous": "anon",
    "federated-sts": "fedsts",
}
_WIRES = {
    "public": "public", "endpoint": "vpce", "aws-network": "awsnet", "console": "vpce", "in-vpc": "invpc"
}  # fmt: skip
_DEFAULTS = {
    "principal.session": "session",
    "principal.service": "cloudtrail.amazonaws.com",
    "source.arn-service": "sns",
    "source.name": "alerts",
    "principal.unique-id": "AROAEXAMPLEEXAMPLE000",
    "source.address": "198.51.100.7",
    "resource.account": "999988887777",
}


class View:
    """A model read with defaults for what it leaves open."""

    def __init__(self, world: World, model: Model) -> None:
        self.world, self.model = world, model
        self.row: Row = world.calls.rows[model.rows.get(CALL, 0)]
        self.caller = model.enums.get("caller", "role")
        self.wire = model.enums.get("wire", "public")
        hints = region_hints(world.workspace.organization.partition).items()
        # No Region is one of the answers for the ARN of an access point.
        self.defaults = _DEFAULTS | {name: hint[0] for name, hint in hints if name != "point.region"}

    def text(self, var: str) -> str:
        """The text of a variable."""
        found = self.model.texts.get(var) or self.defaults.get(var, "")
        if not found and var.startswith("units("):  # which units a stranger lies in may be open, but not that in some
            return self.path(var.removeprefix("units(").removesuffix(")")).partition("/")[2]
        return found

    def composed(self, term: Template) -> str:
        """The text of a composition."""
        return "".join(p.text if isinstance(p, Text) else self.text(p.var) if isinstance(p, Ref) else "" for p in term)

    def true(self, symbol: str) -> bool:
        """The value of a Boolean symbol; one that the model leaves open is false."""
        return self.model.symbols.get(symbol, False)

    @property
    def iam(self) -> bool:
        """The caller has an account."""
        return self.caller in ("user", "role", "federated-user", "root")

    def organization(self, account: str) -> str | None:
        """The organization of an account variable, or None."""
        return self.model.texts.get(org_of(account)) or None

    def path(self, account: str) -> str:
        """The organization path of an account variable."""
        org = self.organization(account)
        if org is None:
            return ""
        if self.model.texts.get(units_of(account)):
            return self.composed(path_of(account))
        organization = self.world.workspace.organization
        if org == organization.id:
            try:
                return organization.path(self.text(account))
            except KeyError:
                return f"{org}/{organization.root.id}/"
        return f"{org}/r-0001/"


def bucket_behind(model: Model, departs: Iterable[str] = ()) -> str | None:
    """The bucket of its owner behind the access point that is called; None where the guardrails on it are not asked."""
    return None if {"X-44", "AR15.owner"} & {*departs} else model.texts.get("behind.bucket") or None


def facts_of(view: View) -> Facts:
    """The ground truth of a model."""
    on_endpoint = view.wire in ("endpoint", "console")
    service = view.caller == "aws-service"
    accounts = _accounts(
        view,
        ("principal.account", view.iam),
        ("resource.account", True),
        ("endpoint.account", on_endpoint),
        ("behalf.account", service),
    )
    return Facts(
        kind=_KINDS[view.caller],
        principal_account=view.text("principal.account") if view.iam else None,
        temporary=view.iam and view.true("principal.temporary"),
        service_linked=view.true("principal.service-linked"),
        service_role=view.true("principal.service-role"),
        service=view.text("principal.service") if service else None,
        behalf=(view.text("behalf.account") or None) if service else None,
        forwarded=view.true("forwarded"),
        path=_WIRES[view.wire],
        endpoint=view.text("endpoint.id") if on_endpoint else None,
        vpc=view.text("endpoint.vpc") if on_endpoint else None,
        endpoint_account=view.text("endpoint.account") if on_endpoint else None,
        vpc_account=view.text("vpc.account") if on_endpoint else None,
        vpc_region=view.text("endpoint.region") if on_endpoint else None,
        source_address=view.text("source.address") if view.wire == "public" or view.true("has aws:SourceIp") else None,
        resource_account=view.text("resource.account"),
        region=view.text("request.region"),
        first_hop_trusted=view.true("first-hop.mine") if view.true("forwarded") else None,
        organizations={account: org for account, (org, _) in sorted(accounts.items())},
        paths={account: path for account, (_, path) in sorted(accounts.items()) if path},
        hidden_tags=_hidden_tags(view),
        **_behind(view, accounts),
    )


def _behind(view: View, accounts: Mapping[str, object]) -> dict[str, str]:
    """What lies behind an access point of mine on a bucket of another account: of nobody that the perimeter names.

    A listed bucket is told by the workspace.
    """
    if not view.true("resource.mine") or not (view.true(UNTOLD) or view.true(FOREIGN)):
        return {}
    organization, perimeter = view.world.workspace.organization, view.world.workspace.perimeter
    listed = {account.id: account for account, _ in organization.accounts()}
    arn = resource_of(view)
    _, partition, *_, name = arn.split(":", 5)
    key = name.partition("/object/")[2]
    point = next((r for a in listed.values() for r in a.resources if arn in (r.arn, f"{r.arn}/object/{key}")), None)
    point = None if view.world.free_grants else point
    bucket = (
        (point and (point.bucket or _routed(view, point))) or view.model.texts.get("behind.bucket") or "bucket-behind"
    )
    bucket = f"arn:{partition}:s3:::{bucket.rsplit(':', 1)[-1]}"
    entries = (*perimeter.third_resources, *perimeter.service_resources)
    known = {*accounts, *listed, *perimeter.accounts, *(entry.account for entry in entries)}
    unknown = (account for account in _strangers() if account not in known)
    if view.true(FOREIGN):
        told = ((f"arn:{partition}:s3:::{b.name}", b.account) for b in (point.buckets if point else None) or ())
        owners = dict(told) | {r.arn: r.account for a in listed.values() for r in a.resources}
        owner = owners.get(bucket) or next(unknown)
    elif view.true("behind.own") or view.true("behind.trusted"):
        return {}
    else:
        owner = next(unknown)
    return {"behind": f"{bucket}/{key}" if key else bucket, "behind_account": owner}


def _routed(view: View, point: OwnedResource) -> str | None:
    """The bucket behind a Multi-Region Access Point that lets the call through and is not mine."""
    world = view.world
    workspace, policies, listed = world.workspace, world.policies, Listed.of(world.workspace)
    if view.true(FOREIGN):
        found = bucket_owners.foreign_routes(workspace, policies, world.keys, world.script, point, listed)
    else:
        found = bucket_owners.untold_routes(workspace, policies, point, listed)
    return next((name for name, goes in found if truth(goes, view.model)), None)


def _strangers() -> Iterator[str]:
    yield from OUTSIDERS
    yield from (f"{number:012}" for number in count(1))


def _accounts(view: View, *terms: tuple[str, bool]) -> dict[str, tuple[str | None, str]]:
    """Organization and path of every account of the request.

    An account has one path (W-24): where a model gives one for one of its terms, that is the path of all.
    """
    out: dict[str, tuple[str | None, str]] = {}
    here = [var for var, present in terms if present and view.text(var) not in ("", "aws", "cloudfront")]
    for var in sorted(here, key=lambda term: not view.model.texts.get(units_of(term))):
        out.setdefault(view.text(var), (view.organization(var), view.path(var)))
    return out


def _hidden_tags(view: View) -> dict[str, str]:
    """Tags that exceptions of the perimeter ask for: of a bucket without ABAC (W-9), and those of the file (W-7)."""
    names = {entry.key for entry in view.world.workspace.perimeter.tag_exceptions if entry.on == "resource"}
    held = sorted(name for name in names if view.true(hidden_tag(name)))
    keys = view.world.keys
    told = {name: view.composed(keys.key(f"aws:resourcetag/{name}".lower()).term) for name in held}
    if names and not view.world.free_grants:
        arn = resource_of(view)
        for account, _ in view.world.workspace.organization.accounts():
            tags = next((r.tags for r in account.resources if r.arn == arn and ":s3:::" not in arn), {})
            lower = {name.lower(): value for name, value in tags.items()}
            told |= {name: lower[name.lower()] for name in names if name.lower() in lower}
    return told


def principal_of(view: View) -> Principal:
    """The caller in the case format."""
    found = _principal(view)
    canonical = _canonical_id(view) if view.iam else None
    return found if canonical is None else found.model_copy(update={"canonical_id": canonical})


def _canonical_id(view: View) -> str | None:
    """The canonical id of the caller's account, or of the origin access identity that calls (W-14)."""
    ids = {account.id: account.canonical_id for account, _ in view.world.workspace.organization.accounts()}
    prefix = "canonical user "
    held = [name.removeprefix(prefix) for name, true in view.model.symbols.items() if true and name.startswith(prefix)]
    return ids.get(view.text("principal.account")) or next(iter(sorted(held)), None)


def _principal(view: View) -> Principal:
    partition, account, name = view.text("aws.partition"), view.text("principal.account"), view.text("principal.name")
    management = account == view.world.workspace.organization.management_account
    match view.caller:
        case "role":
            role = name.rsplit("/", 1)[-1]
            return Principal(
                type="role-session",
                arn=f"arn:{partition}:sts::{account}:assumed-role/{role}/{view.text('principal.session')}",
                account=account,
                role_arn=f"arn:{partition}:iam::{account}:{name}",
                management_account=management,
                service_linked=view.true("principal.service-linked"),
            )
        case "user" | "root":
            kind = "user" if view.caller == "user" else "root"
            arn = f"arn:{partition}:iam::{account}:{name or 'root'}"
            return Principal(type=kind, arn=arn, account=account, management_account=management)
        case "federated-user":
            return Principal(
                type="federated-user",
                arn=f"arn:{partition}:sts::{account}:{name}",
                account=account,
                # Whom the root user makes has no user behind it: a name here would lend that user's policies.
                user_arn=None
                if view.true("principal.made-by-root")
                else f"arn:{partition}:iam::{account}:{view.text('principal.user') or _some_user(view, account)}",
                management_account=management,
                made_by_root=view.true("principal.made-by-root"),
            )
        case "aws-service":
            return Principal(type="service", arn=view.text("principal.service"))
        case "federated-sts":
            return Principal(type="federated-sts", provider=view.text("principal.provider") or "idp.example.com")
    return Principal(type="anonymous")


def _some_user(view: View, account: str) -> str:
    """A user whom neither the workspace nor a policy of it knows: the model says that it is none of those."""
    organization = view.world.workspace.organization
    known = {
        p.arn.split(":", 5)[-1] for here, _ in organization.accounts() if here.id == account for p in here.principals
    }
    for document in organization.documents():
        entries = (entry for s in document.statements if s.principal for entry in s.principal.entries)
        known |= {entry.value.split(":", 5)[-1] for entry in entries}
    names = (f"user/alice{number or ''}" for number in count())
    return next(name for name in names if name not in known)


def resource_of(view: View) -> str:
    """The resource's ARN, or `*`."""
    row = view.row
    if row.type is None:
        return "*"
    anywhere = view.text("request.region") == "unspecified"  # global inference of Bedrock: a model in no Region
    region = view.text("resource.region") if row.has_region and not anywhere else ""
    account = view.text("resource.account") if row.has_account else ""
    return f"arn:{view.text('aws.partition')}:{row.arn_service}:{region}:{account}:{view.text('resource.name')}"


def written_for_star(view: View, departs: Iterable[str] = ()) -> str | None:
    """What AWS writes for the resource of a call on `*`, where the model reads X-46 the other way."""
    row = view.row
    if row.type is not None or "X-46" not in {*departs} or not view.true("X-46"):
        return None
    region = view.text("request.region") if view.true("star.region-given") else ""
    account = view.text("resource.account") if view.true("star.account-given") else ""
    name = view.model.texts.get("star.name", "*")
    return f"arn:{view.text('aws.partition')}:{row.service}:{region}:{account}:{name}"


def action_of(view: View) -> str:
    """The called action, as AWS spells it."""
    return f"{view.row.service}:{view.row.action}"


def used_keys(view: View) -> Mapping[str, str | tuple[str, ...]]:
    """The condition keys that policies test and the request carries, with their values."""
    out: dict[str, str | tuple[str, ...]] = {}
    for key in view.world.keys.known.values():
        if key.has.op != "sym" or not view.true(str(key.has.payload)):
            continue  # a placeholder that is no key has no symbol
        spelled = str(key.has.payload).removeprefix("has ")
        if key.info.multivalued:
            values = tuple(view.composed(s.term) for s in key.slots if view.true(str(s.has.payload)))
            out[spelled] = values if key.info.known or len(values) != 1 else values[0]
        else:
            out[spelled] = view.composed(key.term)
    return out
