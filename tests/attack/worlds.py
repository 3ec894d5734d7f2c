"""A concrete model of the environment theory (semantics 4): ground truth first, then the keys AWS derives from it.

It shares nothing with `encodings/` and `perimeter_smt/encode/`: every line was written from the tables 4.2 to 4.7 and
the axioms 4.8. `sample` draws one request; where an axiom is soft, both sides are drawn and the departures are named.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from perimeter_smt.request.request import Facts, Principal, Request
from tests.attack.axioms import consistent
from tests.attack.cast import (
    APP,
    AWS_ADDRESS,
    AWS_OWNED,
    BUCKETS,
    CAFE,
    CAFE6,
    CROSS_REGION,
    DATA,
    ENDPOINTS,
    L_ACCT,
    L_ARN,
    L_ORG,
    LONER,
    MANAGEMENT,
    MEMBERS,
    MINE,
    NO_OWNER,
    OFFICE,
    OFFICE6,
    ORGANIZATIONS,
    PARTNER,
    PATHS,
    POLICIES,
    PRIVATE,
    REGIONS,
    SERVICE_PRINCIPALS,
    SHARED,
    STRANGER,
    UNLISTED,
    UNSIGNED,
    Call,
    pick_call,
    resource_of,
)
from tests.attack.soft import soft_violations

__all__ = ["Sample", "consistent", "sample", "soft_violations"]

Context = dict[str, "str | tuple[str, ...]"]
_WEB = ("sts:assumerolewithsaml", "sts:assumerolewithwebidentity")
_BESIDE = ("sts:tagsession", "sts:setsourceidentity")
_CHOICE = ("red", "true", "false", "admin")
_TAGS = ("team", "dp:exclude:network", "dp:exclude:identity", "dp:exclude:resource")
_PROVIDERS = ("arn:aws:iam::111111111111:oidc-provider/ci.example.com", "arn:aws:iam::111111111111:saml-provider/corp")


@dataclass(frozen=True)
class Sample:
    """A request that AWS could be asked, and the soft axioms that it departs from (names as in semantics 4.8)."""

    request: Request
    facts: Facts
    soft: frozenset[str]
    assumed_root: bool = False
    aws_managed_key: bool = False


def sample(
    rng: Random, services: tuple[str, ...], *, departures: float = 0.3, endpoints: tuple[str, ...] = tuple(ENDPOINTS)
) -> Sample:
    """Draw ground truth, derive the context keys, sometimes depart from soft axioms."""
    return _Draw(rng, pick_call(rng, services), departures, endpoints).sample()


class _Draw:
    """One draw. `depart` decides for one soft axiom whether this request breaks it."""

    def __init__(self, rng: Random, call: Call, departures: float, endpoints: tuple[str, ...]) -> None:
        self.rng, self.call, self.action = rng, call, call.action.lower()
        self.loose = rng.random() < departures
        self.endpoints = endpoints
        self.soft: set[str] = set()
        self.context: Context = {}
        self.partner_first = rng.random() < 0.2

    def depart(self, axiom: str, chance: float = 0.15) -> bool:
        if not self.loose or self.rng.random() >= chance:
            return False
        self.soft.add(axiom)
        return True

    def maybe(self, chance: float) -> bool:
        return self.rng.random() < chance

    def sample(self) -> Sample:
        self._caller()
        self._region_and_wire()
        self._owner()
        self._principal_keys()
        self._session_keys()
        self._network_keys()
        self._resource_keys()
        self._request_keys()
        self._service_keys()
        accounts = {self.account, self.owner, self.behalf}
        if self.end is not None:
            accounts |= {self.end.account, self.end.vpc_account}
        known = sorted(a for a in accounts if a in ORGANIZATIONS)
        end = self.end
        facts = Facts(
            kind=self.kind,
            principal_account=self.account,
            temporary=self.temp,
            service_linked=self.slr,
            service_role=self.srole,
            service=self.service,
            behalf=self.behalf,
            forwarded=self.fas,
            path=self.path,
            endpoint=end.id if end else None,
            vpc=end.vpc if end else None,
            endpoint_account=end.account if end else None,
            vpc_account=end.vpc_account if end else None,
            vpc_region=end.region if end else None,
            source_address=self.address,
            resource_account=self.owner,
            region=self.region,
            first_hop_trusted=self.first_hop,
            organizations={a: ORGANIZATIONS[a] for a in known},
            paths={a: PATHS[a] for a in known if a in PATHS},
        )
        request = Request(
            principal=self.principal,
            action=self.call.action,
            resource=self.resource,
            resource_account=self.owner,
            context=self.context,
        )
        managed = self.call.type == "key" and self.account == self.owner and self.maybe(0.05)
        return Sample(request, facts, frozenset(self.soft), self.assumed_root, managed)

    # Ground truth (4.1).

    def _caller(self) -> None:
        rng, call = self.rng, self.call
        kinds = ["role"] * 6 + ["user"] * 3 + ["root", "feduser"]
        if call.service in POLICIES and call.type is not None:
            kinds += ["service"] * 3
        if call.service in UNSIGNED and call.type is not None:
            kinds += ["anon"] * 3
        if self.action in _WEB:
            kinds = ["fedsts"]
        elif self.action in _BESIDE:
            kinds += ["fedsts"] * 3
        self.kind = rng.choice(kinds)
        self.iam = self.kind in ("user", "role", "feduser", "root")
        weighted = (*MEMBERS, *MEMBERS, MANAGEMENT, UNLISTED, PARTNER, PARTNER, STRANGER, LONER)
        self.account = rng.choice(weighted) if self.iam else None
        if self.iam and self.kind == "user" and call.service == "s3" and self.maybe(0.05):
            self.account = "cloudfront"  # an origin access identity
        self.temp = self.kind in ("role", "feduser") or (self.iam and self.maybe(0.3))
        self.slr = self.kind == "role" and self.maybe(0.06)
        self.srole = self.kind == "role" and not self.slr and self.maybe(0.2)
        self.ec2 = self.kind == "role" and not self.slr and not self.srole and self.maybe(0.15)
        self.assumed_root = self.kind == "root" and self.temp and self.maybe(0.3)
        self.service = rng.choice(SERVICE_PRINCIPALS) if self.kind == "service" else None
        self.behalf: str | None = None
        self.fas = self.iam and self.account != "cloudfront" and not self.slr and self.maybe(0.12)
        if self.fas and not self.temp:  # AP12
            if not self.depart("AP12"):
                self.temp = True
        account = self.account or ""
        path = "app/" if self.maybe(0.3) else ""
        self.name = rng.choice(("Worker", "Admin", "break-glass", "acme-import"))
        match self.kind:
            case "role":
                if self.slr:
                    path, self.name = "aws-service-role/backup.amazonaws.com/", "AWSServiceRoleForBackup"
                self.principal_arn = f"arn:aws:iam::{account}:role/{path}{self.name}"
                self.session = "i-0123456789abcdef0" if self.ec2 else rng.choice(("s1", "alice@acme"))
                arn = f"arn:aws:sts::{account}:assumed-role/{self.name}/{self.session}"
                extra = {"role_arn": self.principal_arn, "service_linked": self.slr}
            case "user":
                self.name = rng.choice(("alice", "bob"))
                if account == "cloudfront":
                    path, self.name = "", "CloudFront Origin Access Identity E1"
                arn = self.principal_arn = f"arn:aws:iam::{account}:user/{path}{self.name}"
                extra = {}
            case "root":
                arn = self.principal_arn = f"arn:aws:iam::{account}:root"
                extra = {}
            case "feduser":
                self.name = rng.choice(("alice", "bob"))
                arn = self.principal_arn = f"arn:aws:sts::{account}:federated-user/{self.name}"
                extra = {"user_arn": f"arn:aws:iam::{account}:user/{path}tom", "made_by_root": self.maybe(0.2)}
            case "service":
                self.principal = Principal(type="service", arn=self.service)
                return
            case "fedsts":
                provider = _PROVIDERS[1] if self.action.endswith("saml") else _PROVIDERS[0]
                self.principal = Principal(type="federated-sts", provider=rng.choice((provider, "ci.example.com"))
                                           if provider == _PROVIDERS[0] else provider)  # fmt: skip
                return
            case _:
                self.principal = Principal(type="anonymous")
                return
        types = {"role": "role-session", "user": "user", "root": "root", "feduser": "federated-user"}
        self.principal = Principal(
            type=types[self.kind], arn=arn, account=account, management_account=account == MANAGEMENT, **extra
        )

    def _region_and_wire(self) -> None:
        rng = self.rng
        self.region = rng.choice(REGIONS)
        self.end, self.address, self.first_hop = None, None, None
        if self.fas:
            self.path = "awsnet"
            self.first_hop = True
            self.first_wire = rng.choice(("public", "vpce"))
            if self.depart("P1.first-hop", 0.4):
                self.first_hop = False
            return
        if self.kind == "service":
            self.path = "vpce" if self.maybe(0.25) else "awsnet"
            if self.depart("AN7", 0.1):
                self.path = "public"
        elif self.slr:
            self.path = "awsnet"
        elif self.srole:
            self.path = rng.choice(("awsnet", "awsnet", "vpce", "public"))
        else:
            self.path = rng.choice(("public", "vpce"))
        if self.path == "vpce":
            near = [ENDPOINTS[name] for name in self.endpoints]
            self.end = rng.choice(near)
            self.region = self.end.region
            if self.maybe(0.1):
                if self.call.service in CROSS_REGION:
                    self.region = rng.choice(REGIONS)
                elif self.depart("AN9", 0.5):
                    self.region = next(r for r in REGIONS if r != self.end.region)
        if self.path == "public":
            mine = self.account in (*MEMBERS, MANAGEMENT, UNLISTED)
            near = (OFFICE, OFFICE6) if mine else (CAFE, CAFE6)
            self.address = rng.choice((*near, CAFE, CAFE6, CAFE, OFFICE if mine else CAFE))
            if self.maybe(0.05) and not mine:
                self.address = OFFICE  # a visitor behind my proxy
            if self.depart("AN11", 0.1):
                self.address = PRIVATE

    def _owner(self) -> None:
        rng, call = self.rng, self.call
        weighted = [*MEMBERS, *MEMBERS, MANAGEMENT, UNLISTED, PARTNER, STRANGER, LONER, STRANGER]
        if call.service in AWS_OWNED and call.type is not None:
            weighted.append("aws")
        self.owner = rng.choice(weighted)
        alone = call.service not in SHARED or self.action == "iam:passrole"
        if self.account in ORGANIZATIONS and (call.type is None or (alone and self.owner != "aws")):
            self.owner = self.account  # X-40; or nothing lets other accounts in
        self.resource = resource_of(rng, call, self.owner, self.region)
        fields = self.resource.split(":", 5)
        if len(fields) == 6 and fields[2] == "s3" and fields[4] == "":
            self.owner = BUCKETS.get(fields[5].split("/")[0], self.owner)
        if len(fields) == 6 and fields[4] == "aws":
            self.owner = "aws"
        if self.kind == "service":
            self.silent = self.maybe(0.3)
            self.behalf = rng.choice((*MEMBERS, PARTNER, STRANGER, LONER, MANAGEMENT))
            if self.silent:
                # P2 speaks of my resources only; on those of others a silent service may act for anybody.
                if ORGANIZATIONS.get(self.owner) == MINE and self.behalf != self.owner:
                    if not self.depart("P2.silent-service", 0.5):
                        self.behalf = self.owner

    # Keys.

    def _put(self, key: str, value: str | tuple[str, ...]) -> None:
        self.context[key] = value

    def _org(self, account: str | None) -> str | None:
        return ORGANIZATIONS.get(account or "")

    def _principal_keys(self) -> None:
        rng, put = self.rng, self._put
        types = {"user": "User", "role": "AssumedRole", "root": "Account", "feduser": "FederatedUser",
                 "anon": "Anonymous"}  # fmt: skip
        put("aws:PrincipalType", types.get(self.kind) or rng.choice(("AssumedRole", "Service", "User")))
        if self.kind not in ("anon", "fedsts"):
            put("aws:PrincipalIsAWSService", "true" if self.kind == "service" else "false")
        match self.kind:
            case "anon":
                put("aws:PrincipalAccount", "anonymous")
                put("aws:userid", "anonymous")
                return
            case "fedsts":
                put("aws:userid", "corp:alice")
                return
            case "service":
                put("aws:PrincipalServiceName", self.service or "")
                first = (self.service or "").split(".")[0]
                put("aws:PrincipalServiceNamesList", (self.service or "", f"{first}.us-east-1.amazonaws.com"))
                if self.depart("AP2", 0.1):
                    put("aws:PrincipalArn", "arn:aws:iam::127311923021:role/service")
                if self.depart("AP4", 0.1):
                    put("aws:PrincipalAccount", "127311923021")
                if self.depart("AP11", 0.1):
                    put("aws:userid", "AROASERVICE:session")
                if self.depart("AP16", 0.1):
                    put(f"aws:PrincipalTag/{rng.choice(_TAGS)}", rng.choice(_CHOICE))
                return
        account = self.account or ""
        put("aws:PrincipalArn", self.principal_arn)
        put("aws:PrincipalAccount", account)
        if org := self._org(account):
            put("aws:PrincipalOrgID", org)
            put("aws:PrincipalOrgPaths", (PATHS[account],))
        unique = {"user": "AIDAEXAMPLE0000000001", "root": account, "feduser": f"{account}:{self.name}"}
        put("aws:userid", unique.get(self.kind) or f"AROAEXAMPLE0000000001:{self.session}")
        if self.kind == "user":
            put("aws:username", self.name)
        if self.kind != "root":
            for tag in _TAGS:
                if self.maybe(0.2):
                    put(f"aws:PrincipalTag/{tag}", rng.choice(_CHOICE))

    def _session_keys(self) -> None:
        rng, put = self.rng, self._put
        if self.temp:
            put("aws:TokenIssueTime", "2025-12-31T23:00:00Z")
            if self.kind != "feduser" and self.maybe(0.5):
                mfa = rng.choice(("true", "false"))
                put("aws:MultiFactorAuthPresent", mfa)
                if mfa == "true" or self.depart("AP13", 0.2):
                    put("aws:MultiFactorAuthAge", "300")
        if self.ec2:
            put("aws:Ec2InstanceSourceVpc", rng.choice(("vpc-0a000000000000001", "vpc-0e000000000000002")))
            put("aws:Ec2InstanceSourcePrivateIPv4", "10.0.0.9")
            put("ec2:SourceInstanceArn", f"arn:aws:ec2:{self.region}:{self.account}:instance/{self.session}")
            put("ec2:RoleDelivery", "2.0")
            if self.depart("AP14", 0.2):
                del self.context["aws:Ec2InstanceSourceVpc"]
        if self.assumed_root:
            put("aws:AssumedRoot", "true")
        if self.kind == "role" and self.maybe(0.15):
            put("aws:SourceIdentity", rng.choice(("alice", "true")))
        if self.kind == "role" and not self.ec2 and self.maybe(0.1):
            put("aws:FederatedProvider", rng.choice(_PROVIDERS))
        elif self.kind == "role" and not self.ec2 and not self.slr and not self.srole and self.maybe(0.1):
            put("saml:sub", "_cbb88bf5")  # IAM guide, SAML keys in permissions policies

    def _network_keys(self) -> None:
        rng, put = self.rng, self._put
        if self.path == "public":
            put("aws:SourceIp", self.address or CAFE)
        if self.fas:
            if self.first_wire == "public":
                first = OFFICE if self.first_hop else CAFE
                self.address = AWS_ADDRESS if self.depart("AN6.address", 0.3) else first
            elif self.depart("AN6.address", 0.3):
                self.address = rng.choice((AWS_ADDRESS, CAFE, OFFICE))
            if self.address:
                put("aws:SourceIp", self.address)
        if self.srole and self.path == "awsnet" and not self.fas:
            self.address = OFFICE if self.depart("AN8.address", 0.3) else AWS_ADDRESS
            put("aws:SourceIp", self.address)
        end, service = self.end, self.call.service
        if end is None or (self.kind == "service" and self.maybe(0.5)):
            return
        put("aws:SourceVpce", end.id)
        put("aws:SourceVpc", end.vpc)
        put("aws:VpcSourceIp", rng.choice(("10.0.0.9", "192.168.7.7")))
        if self.depart("AN1", 0.1):
            del self.context[rng.choice(("aws:SourceVpc", "aws:VpcSourceIp"))]
        org = self._org(end.account)
        derived: Context = {}
        if service in L_ARN and self.action != "iam:passrole":
            derived["aws:SourceVpcArn"] = f"arn:aws:ec2:{end.region}:{end.vpc_account}:vpc/{end.vpc}"
        if service in L_ACCT:
            derived["aws:VpceAccount"] = end.account
        if service in L_ORG and org:
            derived["aws:VpceOrgID"] = org
        if service in L_ACCT and org:
            derived["aws:VpceOrgPaths"] = (PATHS[end.account],)
        if self.action == "iam:passrole":
            derived = {}
        if self.kind == "service":  # AN7: free there
            derived = {key: value for key, value in derived.items() if self.maybe(0.7)}
        elif self.depart("AN3", 0.25):
            if derived:
                del derived[rng.choice(sorted(derived))]
            elif org:
                derived["aws:VpceOrgID"] = org
            else:
                derived["aws:VpceAccount"] = end.account
        self.context.update(derived)

    def _resource_keys(self) -> None:
        rng, put = self.rng, self._put
        if self.call.service != "ebs" and self.action not in NO_OWNER:
            absent = self.depart("AR6", 0.1) or (self.owner == "aws" and self.maybe(0.7))
            if self.action == "events:putevents" and self.account != self.owner and self.maybe(0.3):
                absent = True  # buses set up as cross-account targets before March 2023
            if self.owner == "aws" and not absent:
                put("aws:ResourceAccount", "aws")
            elif not absent:
                put("aws:ResourceAccount", self.owner)
                if org := self._org(self.owner):
                    put("aws:ResourceOrgID", org)
                    put("aws:ResourceOrgPaths", (PATHS[self.owner],))
        if self.call.service == "s3" and self.owner != "aws":
            put("s3:ResourceAccount", self.owner)
        if "aws:resourcetag/${tagkey}" in self.call.keys:
            for tag in _TAGS:
                if self.maybe(0.2):
                    put(f"aws:ResourceTag/{tag}", rng.choice(_CHOICE))

    def _request_keys(self) -> None:
        rng, put = self.rng, self._put
        put("aws:ViaAWSService", "true" if self.fas else "false")
        if self.fas and self.maybe(0.7):
            via = rng.choice((("athena.amazonaws.com",), ("cloudformation.amazonaws.com", "dynamodb.amazonaws.com")))
            put("aws:CalledVia", via)
            put("aws:CalledViaFirst", via[0])
            put("aws:CalledViaLast", via[-1])
        put("aws:CurrentTime", "2026-01-01T00:00:00Z")
        put("aws:EpochTime", "1767225600")
        put("aws:RequestedRegion", "us-east-1" if self.call.service == "iam" else self.region)
        put("aws:SecureTransport", "true" if self.maybe(0.9) else "false")
        if self.maybe(0.8):
            put("aws:UserAgent", rng.choice(("aws-cli/2", "evil*", "true")))
        if self.maybe(0.1):
            put("aws:Referer", "https://acme.example")
        keys = self.call.keys
        if "aws:tagkeys" in keys:
            tags = [tag for tag in _TAGS if self.maybe(0.2)]
            if tags or self.maybe(0.5):
                put("aws:TagKeys", tuple(tags))
            if "aws:requesttag/${tagkey}" in keys:
                for tag in tags:
                    put(f"aws:RequestTag/{tag}", rng.choice(_CHOICE))
        if self.kind == "service" and not self.silent and self.behalf:
            put("aws:SourceAccount", self.behalf)
            org = self._org(self.behalf)
            if org and not self.depart("AR4", 0.2):
                put("aws:SourceOrgID", org)
                put("aws:SourceOrgPaths", (PATHS[self.behalf],))
            if self.maybe(0.7):
                other = self.depart("AR5", 0.1)
                of = STRANGER if other and self.behalf != STRANGER else DATA if other else self.behalf
                written = of if other or self.maybe(0.8) else ""
                name = "s3:::any-bucket" if written == "" else f"cloudtrail:us-east-1:{written}:trail/t"
                put("aws:SourceArn", f"arn:aws:{name}")

    def _service_keys(self) -> None:
        rng, put, service, action = self.rng, self._put, self.call.service, self.action
        if service == "s3":
            point = self.call.type in ("object", "bucket") and self.kind != "service" and self.maybe(0.1)
            if point:
                owner = rng.choice((APP, self.owner if self.owner != "aws" else APP, STRANGER))
                network = rng.choice(("Internet", "VPC")) if self.path == "vpce" else "Internet"
                put("s3:DataAccessPointArn", f"arn:aws:s3:{self.region}:{owner}:accesspoint/ap")
                put("s3:DataAccessPointAccount", owner)
                put("s3:AccessPointNetworkOrigin", network)
            if action == "s3:putobject" and self.maybe(0.3):
                put("s3:x-amz-acl", rng.choice(("private", "public-read")))
            if self.kind != "anon":
                put("s3:authType", "REST-HEADER")
                put("s3:signatureversion", "AWS4-HMAC-SHA256")
        if service == "kms":
            if "kms:calleraccount" in self.call.keys and self.iam:
                put("kms:CallerAccount", self.account or "")
            through = self.fas or self.kind == "service"
            if through and "kms:viaservice" in self.call.keys and not (self.kind == "service" and self.maybe(0.3)):
                if not self.depart("AR13", 0.2):
                    put("kms:ViaService", f"s3.{self.region}.amazonaws.com")
            if action == "kms:creategrant":
                put("kms:GrantIsForAWSResource", "true" if through else "false")
        if action == "sts:assumerole":
            if self.maybe(0.3):
                put("sts:ExternalId", rng.choice(("secret", "guess")))
            put("sts:RoleSessionName", rng.choice(("s1", "alice")))
        if self.kind == "fedsts":
            if self.action in _WEB[1:] or self.action in _BESIDE:
                put("ci.example.com:sub", rng.choice(("repo:acme/app:ref:main", "repo:evil/x:ref:main")))
                put("ci.example.com:aud", rng.choice(("sts.amazonaws.com", "other")))
                put("aws:FederatedProvider", _PROVIDERS[0])
            else:
                put("SAML:aud", "https://signin.aws.amazon.com/saml")
        if action == "iam:passrole":
            put("iam:PassedToService", rng.choice(("ec2.amazonaws.com", "lambda.amazonaws.com")))
