"""The axioms of semantics 4.8 as checks of one request: which of them do its keys contradict?

These are the hard ones; the soft ones are in worlds_soft.py. Keys that a request does not show are held against
it only where an axiom demands their presence.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator

from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.request import actions
from perimeter_smt.request.request import Facts, Request
from tests.attack.forms import EXCEPTION_E, POINT, VPC_KEYS

_IAM = ("user", "role", "feduser", "root")
_TYPES = {"user": "user", "role": "role-session", "feduser": "federated-user", "root": "root", "service": "service",
          "anon": "anonymous", "fedsts": "federated-sts"}  # fmt: skip
_ACCOUNT = re.compile(r"[0-9]{12}")
_NAME = re.compile(r"[A-Za-z0-9_+=,.@/ -]*")
_TAG_VALUE = re.compile(r"[\w .:/=+@-]*")
_GLOBAL = ("iam", "s3", "organizations", "route53", "cloudfront", "sts")

Found = Iterator[tuple[str, str]]


def consistent(request: Request, facts: Facts, workspace: Workspace | None = None) -> list[str]:
    """The hard axioms that the request contradicts, in words; empty: AWS could send it."""
    at = At(request, facts, workspace)
    return [f"{name}: {words}" for rule in _HARD for name, words in rule(at)]


class At:
    """A request with its keys in lower case."""

    def __init__(self, request: Request, facts: Facts, workspace: Workspace | None) -> None:
        self.request, self.facts, self.workspace = request, facts, workspace
        self.keys = {name.lower(): value for name, value in request.context.items()}
        self.action = request.action.lower()
        self.service = self.action.partition(":")[0]
        self.iam = facts.kind in _IAM
        self.signed = facts.kind not in ("anon", "fedsts")
        self.fields = request.resource.split(":", 5) if request.resource.startswith("arn:") else None

    def has(self, key: str) -> bool:
        return key in self.keys

    def text(self, key: str) -> str | None:
        value = self.keys.get(key)
        return value if isinstance(value, str) else None

    def org(self, account: str | None) -> str | None:
        return self.facts.organizations.get(account or "")

    def is_true(self, key: str) -> bool:
        return (self.text(key) or "").lower() == "true"


def _organization_keys(at: At, stem: str, account: str | None, name: str, needed: bool) -> Found:
    """`aws:XOrgID` and `aws:XOrgPaths` are those of an account; `needed`: they must be there if it has any."""
    org, path = at.org(account), at.facts.paths.get(account or "")
    given, paths = at.text(f"aws:{stem}orgid"), at.keys.get(f"aws:{stem}orgpaths")
    if given is not None and given != org:
        yield name, f"{stem}OrgID {given} but account {account} is in {org}"
    if paths is not None and (org is None or not all(p.startswith(f"{org}/") for p in paths)):
        yield name, f"{stem}OrgPaths {paths} but account {account} is in {org}"
    if paths is not None and len(paths) != 1:
        yield name, f"{stem}OrgPaths {paths} although an account has one parent"
    if paths and path and path not in paths:
        yield name, f"{stem}OrgPaths {paths} but account {account} is at {path}"
    if needed and org is not None and (given is None or paths is None):
        yield name, f"{stem}OrgID or {stem}OrgPaths missing although account {account} is in {org}"


# Principal.


def _ap1(at: At) -> Found:
    if at.request.principal.type != _TYPES[at.facts.kind]:
        yield "AP1", f"kind {at.facts.kind} but the caller is a {at.request.principal.type}"
    if at.iam is not bool(at.facts.principal_account):
        yield "AP1", f"kind {at.facts.kind} with account {at.facts.principal_account}"
    if at.facts.kind in ("role", "feduser") and not at.facts.temporary:
        yield "AP1", "a session without temporary credentials"
    if (at.facts.service_linked or at.facts.service_role) and at.facts.kind != "role":
        yield "AP1", "service roles are roles"
    if at.facts.service_linked is not at.request.principal.service_linked:
        yield "AP1", "caller and ground truth disagree about a service-linked role"
    if (":role/aws-service-role/" in (at.request.principal.role_arn or "")) is not at.facts.service_linked:
        yield "AP1", "service-linked roles are those below /aws-service-role/"


def _ap2(at: At) -> Found:
    if at.iam and not at.has("aws:principalarn"):
        yield "AP2", "PrincipalArn missing"
    if at.facts.kind in ("anon", "fedsts") and at.has("aws:principalarn"):
        yield "AP2", "PrincipalArn of a caller without one"


def _ap3(at: At) -> Found:
    arn, caller = at.text("aws:principalarn"), at.request.principal
    if not at.iam or arn is None:
        return
    if arn.split(":")[4] != at.facts.principal_account or at.text("aws:principalaccount") != at.facts.principal_account:
        yield "AP3", f"{arn}, {at.text('aws:principalaccount')} and {at.facts.principal_account} disagree"
    expected = caller.role_arn if caller.type == "role-session" else caller.arn
    if arn != expected:
        yield "AP3", f"PrincipalArn {arn} of the caller {expected}"


def _ap4(at: At) -> Found:
    value = at.text("aws:principalaccount")
    if (at.facts.kind == "anon") is not (value == "anonymous"):
        yield "AP4", f"PrincipalAccount {value} of {at.facts.kind}"
    if at.facts.kind in ("service", "fedsts") and at.org(value) is not None:
        yield "AP4", f"a customer's account {value} of {at.facts.kind}"


def _ap5(at: At) -> Found:
    if not at.iam and (at.has("aws:principalorgid") or at.has("aws:principalorgpaths")):
        yield "AP5", "organization keys of a caller without account"
    if at.iam:
        yield from _organization_keys(at, "principal", at.facts.principal_account, "AP5/AP6", needed=True)


def _ap7(at: At) -> Found:
    value = at.text("aws:principalisawsservice")
    if at.signed is not (value is not None):
        yield "AP7", f"PrincipalIsAWSService {value} of {at.facts.kind}"
    if value is not None and (value.lower() == "true") is not (at.facts.kind == "service"):
        yield "AP7", f"PrincipalIsAWSService {value} of {at.facts.kind}"


def _ap8(at: At) -> Found:
    name, names = at.text("aws:principalservicename"), at.keys.get("aws:principalservicenameslist")
    if len({name is not None, names is not None, at.facts.kind == "service"}) != 1:
        yield "AP8", f"service names {name}, {names} of {at.facts.kind}"
    if name is not None and names is not None and (name not in names or name != at.facts.service):
        yield "AP8", f"{name} not in {names}, or not {at.facts.service}"


def _ap9(at: At) -> Found:
    name = at.text("aws:username")
    if (at.facts.kind == "user") is not (name is not None):
        yield "AP9", f"username {name} of {at.facts.kind}"
    if name is not None and (at.request.principal.arn or "").rsplit("/", 1)[-1] != name:
        yield "AP9", f"username {name} of {at.request.principal.arn}"


def _ap10(at: At) -> Found:
    types = {"user": "User", "role": "AssumedRole", "root": "Account", "feduser": "FederatedUser", "anon": "Anonymous"}
    expected, found = types.get(at.facts.kind), at.text("aws:principaltype")
    if found is None or (expected and found != expected):
        yield "AP10", f"PrincipalType {found} of {at.facts.kind}"
    if expected is None and found == "Anonymous":
        yield "AP10", f"PrincipalType {found} of {at.facts.kind}"


def _ap11(at: At) -> Found:
    value = at.text("aws:userid")
    if (value == "anonymous") is not (at.facts.kind == "anon") or (value is None and at.facts.kind != "service"):
        yield "AP11", f"userid {value} of {at.facts.kind}"
    if value is None or not at.iam:
        return
    account = at.facts.principal_account or ""
    good = {
        "root": value == account,
        "user": ":" not in value,
        "feduser": value == f"{account}:{(at.request.principal.arn or '').rsplit('/', 1)[-1]}",
        "role": value.endswith(":" + (at.request.principal.arn or "").rsplit("/", 1)[-1]),
    }
    if not good[at.facts.kind]:
        yield "AP11", f"userid {value} of {at.request.principal.arn}"


def _ap12(at: At) -> Found:
    if at.has("aws:tokenissuetime") is not at.facts.temporary:
        yield "AP12", f"TokenIssueTime with temporary={at.facts.temporary}"


def _ap13(at: At) -> Found:
    if at.has("aws:multifactorauthpresent") and not at.facts.temporary:
        yield "AP13", "MFA flag of long-term credentials"
    if at.has("aws:multifactorauthpresent") and at.facts.kind == "feduser":
        yield "AP13", "MFA flag of a federated user"


def _ap19(at: At) -> Found:
    for key, value in at.keys.items():
        if key.startswith("aws:principaltag/") and not _TAG_VALUE.fullmatch(str(value)):
            yield "AP19", f"{key} {value}"
    principal = at.request.principal
    # The role by which EC2 attaches encrypted volumes (data-perimeter-policy-examples); no customer could name it so.
    if (principal.role_arn or "").endswith(":role/aws:ec2-infrastructure"):
        if not at.facts.service_role or at.facts.path != "awsnet":
            yield "AP19", "EC2 is not who calls by its own role"
        if not at.request.action.startswith("kms:"):
            yield "AP19", "EC2 uses keys of volumes by its own role, and nothing else"
        return
    for arn in (principal.arn, principal.role_arn, principal.user_arn):
        if at.iam and arn and at.facts.principal_account != "cloudfront" and not _NAME.fullmatch(arn.split(":", 5)[5]):
            yield "AP19", f"name {arn}"


# Network.


def _an1(at: At) -> Found:
    endpoint = at.facts.path == "vpce"
    for key in ("aws:sourcevpce", "aws:sourcevpc"):
        if at.has(key) and not endpoint:
            yield "AN1", f"{key} without an endpoint"
    if endpoint and at.facts.kind != "service" and not (at.has("aws:sourcevpce") or at.has("aws:sourcevpc")):
        yield "AN1", "a call through an endpoint without its keys"
    for key, value in (("aws:sourcevpce", at.facts.endpoint), ("aws:sourcevpc", at.facts.vpc)):
        if at.has(key) and at.text(key) != value:
            yield "AN1", f"{key} {at.text(key)} but the wire is {value}"


def _an2(at: At) -> Found:
    if at.facts.path == "vpce" and at.has("aws:sourceip"):
        yield "AN2", "SourceIp through an endpoint"
    # Table 4.4: the key is there on the internet, and is the address of the wire.
    if at.facts.path == "public" and at.facts.kind != "service" and not at.facts.forwarded:
        if at.text("aws:sourceip") is None or at.text("aws:sourceip") != at.facts.source_address:
            yield "AN2", f"SourceIp {at.text('aws:sourceip')} but the address is {at.facts.source_address}"
    if at.facts.path == "vpce" and at.facts.source_address is not None:
        yield "AN2", "a public address on an endpoint"


def _an3(at: At) -> Found:
    facts = at.facts
    if facts.path != "vpce":
        for key in VPC_KEYS:
            if at.has(key):
                yield "AN3", f"{key} without an endpoint"
        return
    arn = at.text("aws:sourcevpcarn")
    if arn is not None and arn.split(":", 2)[2] != f"ec2:{facts.vpc_region}:{facts.vpc_account}:vpc/{facts.vpc}":
        yield "AN3", f"SourceVpcArn {arn}"
    if at.has("aws:vpceaccount") and at.text("aws:vpceaccount") != facts.endpoint_account:
        yield "AN3", f"VpceAccount {at.text('aws:vpceaccount')} of {facts.endpoint_account}"
    yield from _organization_keys(at, "vpce", facts.endpoint_account, "AN3", needed=False)


def _an4(at: At) -> Found:
    """Endpoints and VPCs that the workspace knows are as it says."""
    space, facts = at.workspace, at.facts
    if space is None or facts.path != "vpce":
        return
    for account, _ in space.organization.accounts():
        for end in account.endpoints:
            known = (end.account, end.vpc, end.vpc_account, end.region)
            if end.id == facts.endpoint and known != (
                facts.endpoint_account, facts.vpc, facts.vpc_account, facts.vpc_region
            ):  # fmt: skip
                yield "AN4", f"endpoint {end.id} is not that of the workspace"
            same_vpc = (end.vpc, end.region) == (facts.vpc, facts.vpc_region)
            if same_vpc and end.vpc_account != facts.vpc_account:
                yield "AN4", f"VPC {end.vpc} belongs to {end.vpc_account}"


def _an6(at: At) -> Found:
    if at.facts.forwarded and (at.facts.path == "vpce" or any(at.has(key) for key in VPC_KEYS)):
        yield "AN6", "a forward access session through an endpoint"


# Request and resource.


def _ar1(at: At) -> Found:
    if at.is_true("aws:viaawsservice") is not at.facts.forwarded or not at.has("aws:viaawsservice"):
        yield "AR1", f"ViaAWSService {at.text('aws:viaawsservice')} with forwarded={at.facts.forwarded}"
    via = at.keys.get("aws:calledvia")
    ends = (at.text("aws:calledviafirst"), at.text("aws:calledvialast"))
    if (via or any(ends)) and not at.facts.forwarded:
        yield "AR1", "CalledVia of a direct call"
    if via:
        for found, expected in zip(ends, (via[0], via[-1]), strict=True):
            if found is not None and found != expected:
                yield "AR1", f"ends {ends} of CalledVia {via}"


def _ar2(at: At) -> Found:
    if at.facts.forwarded and not at.iam:
        yield "AR2", f"a forward access session of {at.facts.kind}"


def _ar3(at: At) -> Found:
    for key in ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"):
        if at.has(key) and at.facts.kind != "service":
            yield "AR3", f"{key} of {at.facts.kind}"
    if at.has("aws:sourceaccount") and at.text("aws:sourceaccount") != at.facts.behalf:
        yield "AR3", f"SourceAccount {at.text('aws:sourceaccount')} on behalf of {at.facts.behalf}"
    if at.has("aws:sourceaccount"):
        yield from _organization_keys(at, "source", at.facts.behalf, "AR4", needed=False)


def _ar6(at: At) -> Found:
    owner = at.facts.resource_account
    value = at.text("aws:resourceaccount")
    keys = [k for k in ("aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths") if at.has(k)]
    if keys and (at.service == "ebs" or at.action in EXCEPTION_E):
        yield "AR6", f"{keys} of an action that has none"
    if value is not None and owner != "aws" and value != owner:
        yield "AR6", f"ResourceAccount {value} of {owner}"
    if value is None and keys:
        yield "AR6", f"{keys} without ResourceAccount"
    yield from _organization_keys(at, "resource", owner, "AR6", needed=False)


def _ar7(at: At) -> Found:
    owner, fields = at.facts.resource_account, at.fields
    if at.request.resource_account != owner:
        yield "AR7", f"resource account {at.request.resource_account} but {owner} owns it"
    if fields is None:
        if at.request.resource != "*":
            yield "AR7", f"{at.request.resource} is neither an ARN nor the star"
        return
    written = fields[4]
    if _ACCOUNT.fullmatch(written) and written != owner:
        yield "AR7", f"{at.request.resource} of {owner}"
    if written == "aws" and owner != "aws":
        yield "AR7", f"{at.request.resource} of {owner}"


def _ar8(at: At) -> Found:
    one, other = at.text("s3:resourceaccount"), at.text("aws:resourceaccount")
    if one is not None and other is not None and one != other:
        yield "AR8", f"{one} and {other}"
    if one is not None and at.service == "s3" and at.facts.resource_account not in ("aws", one):
        yield "AR8", f"s3:ResourceAccount {one} of {at.facts.resource_account}"


def _ar9(at: At) -> Found:
    """Buckets of the workspace have the owner that it names."""
    if at.workspace is None or at.fields is None or at.fields[2] != "s3" or at.fields[4]:
        return
    for account, _ in at.workspace.organization.accounts():
        for resource in account.resources:
            if resource.arn == f"arn:aws:s3:::{at.fields[5].split('/')[0]}" and at.fields[1] == "aws":
                if at.facts.resource_account != account.id:
                    yield "AR9", f"{resource.arn} belongs to {account.id}"


def _ar12(at: At) -> Found:
    if at.has("iam:passedtoservice") and at.action != "iam:passrole":
        yield "AR12", "PassedToService of another call"


def _ar13(at: At) -> Found:
    if at.has("kms:viaservice") and not at.facts.forwarded and at.facts.kind != "service":
        yield "AR13", "kms:ViaService of a direct call"
    via, region = at.text("kms:viaservice"), at.text("aws:requestedregion")
    if via is not None and region is not None and f".{region.lower()}." not in via.lower():
        yield "AR13.value", f"kms:ViaService {via} of a call in {region}"


def _ar14(at: At) -> Found:
    one, other = at.text("kms:calleraccount"), at.text("aws:principalaccount")
    if one is not None and other is not None and one != other:
        yield "AR14", f"{one} and {other}"


def _ar15(at: At) -> Found:
    names = ("s3:dataaccesspointarn", "s3:dataaccesspointaccount", "s3:accesspointnetworkorigin")
    arn, account, network = (at.text(name) for name in names)
    if len({value is None for value in (arn, account, network)}) != 1:
        yield "AR15", f"access point keys {arn}, {account}, {network}"
    about = "accesspoint" in at.action or at.action.endswith("tagresource")  # made and changed over any wire
    if network == "VPC" and at.facts.path != "vpce" and not about:
        yield "AR15", "an access point of VPC origin without an endpoint"
    if network is not None and network not in ("VPC", "Internet"):
        yield "AR15", f"network origin {network}"
    if arn is not None and account is not None and arn.split(":")[4] != account:
        yield "AR15", f"{arn} of {account}"
    if arn is not None and not POINT.fullmatch(arn):
        yield "AR15.arn", f"no access point of AWS: {arn}"
    if arn is not None and arn.split(":")[3] not in ("", at.text("aws:requestedregion")):
        yield "AR17.point", f"{arn} called in {at.text('aws:requestedregion')}"


def _ar25(at: At) -> Found:
    """Multi-Region Access Points: signed calls, on operations that AWS lists, of no VPC; the keys name the point."""
    fields = at.fields or [""] * 6
    if fields[2:4] != ["s3", ""] or not fields[4] or not fields[5].startswith("accesspoint/"):
        return
    point, _, key = fields[5].partition("/object/")
    made = at.action == "s3:createmultiregionaccesspoint"  # AWS makes the alias then: no page says what is named
    if not made and (not (point.endswith(".mrap") and point.count("/") == 1) or (fields[5] != point and not key)):
        yield "AR25", f"no Multi-Region Access Point: {fields[5]}"
    if at.facts.kind in ("anon", "fedsts"):
        yield "AR25", "an unsigned call"
    arn = at.text("s3:dataaccesspointarn")
    if arn is not None and arn.split(":")[3] != "":
        yield "AR25", f"{arn} in a call without a Region"
    if at.text("s3:accesspointnetworkorigin") == "VPC":
        yield "AR25", "a VPC of a Multi-Region Access Point"


def _ar27(at: At) -> Found:
    """The keys of a context of encryption are those of its pairs."""
    start = "kms:encryptioncontext:"
    pairs = {key.removeprefix(start) for key in at.keys if key.startswith(start)}
    keys = at.keys.get("kms:encryptioncontextkeys") or ()
    if (pairs or keys) and not pairs <= {key.lower() for key in keys}:
        yield "AR27", f"a context of {sorted(pairs)} with the keys {keys}"


def _accounts(at: At) -> Found:
    """AP18, and section 4.1: accounts of the workspace are where it says."""
    facts, space = at.facts, at.workspace
    for account, path in facts.paths.items():
        org = facts.organizations.get(account)
        if org is None or not path.startswith(f"{org}/"):
            yield "AP18", f"path {path} of {account} in {org}"
    if space is None:
        return
    organization = space.organization
    for account, _ in organization.accounts():
        if account.id in facts.organizations and facts.organizations[account.id] != organization.id:
            yield "AP18", f"{account.id} is a member of {organization.id}"
        path = facts.paths.get(account.id)
        if path is not None and path != organization.path(account.id):
            yield "AP18", f"{account.id} is at {organization.path(account.id)}, not {path}"
    head = organization.management_account
    if head in facts.organizations and facts.organizations[head] != organization.id:
        yield "AP18", f"{head} manages {organization.id}"
    principal = at.request.principal
    if at.iam and (principal.account == head) is not principal.management_account:
        yield "AP18", f"management account flag of {principal.account}"


def _organization_resources(at: At) -> Found:
    """What belongs to an organization is its management account's, always (Organizations guide, resource ownership)."""
    fields, owner = at.fields or [""] * 6, at.facts.resource_account
    kind, _, rest = fields[5].partition("/")
    if owner == "aws" or not (fields[2] == "organizations" or ((fields[2], kind) == ("account", "account") and rest)):
        return
    org = at.org(owner)
    if org is None:
        yield "AE13", f"{at.request.resource} of an account without organization"
    elif rest.partition("/")[0] != org:
        yield "AE13.id", f"{at.request.resource} of an account of {org}"
    space = at.workspace.organization if at.workspace else None
    if space is not None and org == space.id and owner != space.management_account:
        yield "AE13", f"{at.request.resource} outside the management account {space.management_account}"


def _call(at: At) -> Found:
    """The action exists, and the resource fits one of its types."""
    info = actions.action_info(at.request.action)
    if info is None:
        yield "action", f"{at.request.action} does not exist"
        return
    if at.fields is None:
        if any(use.required for use in info.resource_types):
            yield "action", f"{at.request.action} on {at.request.resource} needs a resource"
        return
    kinds = (actions.resource_type(at.service, use.type) for use in info.resource_types)
    shapes = [re.sub(r"\\\$\\\{[^}]*\\\}", ".*", re.escape(kind.arn)) for kind in kinds if kind]
    if not any(re.fullmatch(shape, at.request.resource) for shape in shapes):
        yield "action", f"{at.request.action} on {at.request.resource}: no resource type fits"


def _values(at: At) -> Found:
    """Types of values: addresses, accounts, lower-case organizations, one value or several."""
    for key in ("aws:sourceip", "aws:vpcsourceip"):
        value = at.text(key)
        if value is not None:
            try:
                ipaddress.ip_address(value)
            except ValueError:
                yield "type", f"{key} {value}"
    for key in ("aws:sourceaccount", "aws:vpceaccount"):
        if at.has(key) and not _ACCOUNT.fullmatch(at.text(key) or ""):
            yield "type", f"{key} {at.text(key)}"
    for key in ("aws:principalorgpaths", "aws:calledvia", "aws:tagkeys", "aws:principalservicenameslist"):
        if at.has(key) and isinstance(at.keys[key], str):
            yield "type", f"{key} has one value"
    for key in ("aws:principalisawsservice", "aws:viaawsservice", "aws:securetransport"):
        if at.has(key) and (at.text(key) or "").lower() not in ("true", "false"):
            yield "type", f"{key} {at.text(key)}"


_HARD: tuple[Callable[[At], Found], ...] = (
    _ap1, _ap2, _ap3, _ap4, _ap5, _ap7, _ap8, _ap9, _ap10, _ap11, _ap12, _ap13, _ap19,
    _an1, _an2, _an3, _an4, _an6,
    _ar1, _ar2, _ar3, _ar6, _ar7, _ar8, _ar9, _ar12, _ar13, _ar14, _ar15, _ar25, _ar27, _accounts, _call,
    _organization_resources, _values,
)  # fmt: skip
