"""The keys that AWS derives from the ground truth of one request (semantics 4.2 to 4.7)."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from perimeter_smt.request.request import Principal
from tests.attack.cast import (
    APP,
    AWS_ADDRESS,
    CAFE,
    DATA,
    L_ACCT,
    L_ARN,
    L_ORG,
    L_PATHS,
    NO_OWNER,
    OFFICE,
    ORGANIZATIONS,
    PATHS,
    STRANGER,
    TRAIL_CONTEXT,
    Call,
    Endpoint,
)

Context = dict[str, "str | tuple[str, ...]"]
WEB = ("sts:assumerolewithsaml", "sts:assumerolewithwebidentity")
BESIDE = ("sts:tagsession", "sts:setsourceidentity")
_CHOICE = ("red", "true", "false", "admin")
TAGS = ("team", "dp:exclude:network", "dp:exclude:identity", "dp:exclude:resource")
PROVIDERS = ("arn:aws:iam::111111111111:oidc-provider/ci.example.com", "arn:aws:iam::111111111111:saml-provider/corp")


def of_account(provider: str, account: str | None) -> str:
    """The provider of the same kind and name in this account."""
    return provider.replace("111111111111", account or "111111111111")


class Keys:
    """What a draw of ground truth provides, and the keys of it."""

    if TYPE_CHECKING:
        rng: Random
        call: Call
        action: str
        context: Context
        principal: Principal
        kind: str
        account: str | None
        owner: str
        end: Endpoint | None
        address: str | None
        service: str | None
        behalf: str | None
        first_hop: bool | None
        name: str
        session: str
        principal_arn: str
        path: str
        region: str
        first_wire: str
        temp: bool
        ec2: bool
        slr: bool
        srole: bool
        fas: bool
        silent: bool
        assumed_root: bool

        def depart(self, axiom: str, chance: float = 0.15) -> bool: ...
        def maybe(self, chance: float) -> bool: ...

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
                    put(f"aws:PrincipalTag/{rng.choice(TAGS)}", rng.choice(_CHOICE))
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
            for tag in TAGS:
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
            provider = rng.choice(PROVIDERS)
            away = self.account not in provider and self.depart("AP16.provider-account", 0.5)
            put("aws:FederatedProvider", provider if away else of_account(provider, self.account))
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
        if service in L_PATHS and org:
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
            for tag in TAGS:
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
            tags = [tag for tag in TAGS if self.maybe(0.2)]
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
            encrypts = "kms:encryptioncontext:${encryptioncontextkey}" in self.call.keys
            if encrypts and self.maybe(0.5):  # AR26: CloudTrail's own, or whatever the caller sends
                own = self.kind == "service" and self.service == "cloudtrail.amazonaws.com"
                of = rng.choice((DATA, STRANGER)) if not own or self.depart("AR26", 0.1) else self.behalf
                if of is not None:
                    put(TRAIL_CONTEXT, f"arn:aws:cloudtrail:{self.region}:{of}:trail/t")
                    if "kms:encryptioncontextkeys" in self.call.keys:
                        put("kms:EncryptionContextKeys", (TRAIL_CONTEXT.partition("Context:")[2],))
            if action == "kms:creategrant":
                put("kms:GrantIsForAWSResource", "true" if through else "false")
        if action == "sts:assumerole":
            if self.maybe(0.3):
                put("sts:ExternalId", rng.choice(("secret", "guess")))
            put("sts:RoleSessionName", rng.choice(("s1", "alice")))
        if self.kind == "fedsts":
            if self.action in WEB[1:] or self.action in BESIDE:
                put("ci.example.com:sub", rng.choice(("repo:acme/app:ref:main", "repo:evil/x:ref:main")))
                put("ci.example.com:aud", rng.choice(("sts.amazonaws.com", "other")))
                put("aws:FederatedProvider", self.principal.provider or PROVIDERS[0])
            else:
                put("SAML:aud", "https://signin.aws.amazon.com/saml")
        if action == "iam:passrole":
            put("iam:PassedToService", rng.choice(("ec2.amazonaws.com", "lambda.amazonaws.com")))
