"""A concrete model of the environment theory (semantics 4): ground truth first, then the keys AWS derives from it.

It shares nothing with `encodings/` and `perimeter_smt/encode/`: every line was written from the tables 4.2 to 4.7 and
the axioms 4.8. `sample` draws one request; where an axiom is soft, both sides are drawn and the departures are named.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from perimeter_smt.request.actions import of_stars
from perimeter_smt.request.request import Facts, Principal, Request
from tests.attack.axioms import consistent
from tests.attack.cast import (
    AWS_OWNED,
    BUCKETS,
    CAFE,
    CAFE6,
    CROSS_REGION,
    ENDPOINTS,
    LONER,
    MANAGEMENT,
    MEMBERS,
    MINE,
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
from tests.attack.derived import BESIDE, PROVIDERS, WEB, Context, Keys, of_account
from tests.attack.soft import soft_violations

__all__ = ["Sample", "consistent", "sample", "soft_violations"]


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
    return Draw(rng, pick_call(rng, services), departures, endpoints).sample()


class Draw(Keys):
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
        if self.action in WEB:
            kinds = ["fedsts"]
        elif self.action in BESIDE:
            kinds += ["fedsts"] * 3
        self.kind = rng.choice(kinds)
        self.iam = self.kind in ("user", "role", "feduser", "root")
        weighted = (*MEMBERS, *MEMBERS, MANAGEMENT, UNLISTED, PARTNER, PARTNER, STRANGER, LONER)
        self.account = rng.choice(weighted) if self.iam else None
        if self.iam and self.kind == "user" and call.service == "s3" and call.type is not None and self.maybe(0.05):
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
                provider = PROVIDERS[1] if self.action.endswith("saml") else PROVIDERS[0]
                self.principal = Principal(type="federated-sts", provider=rng.choice((provider, "ci.example.com"))
                                           if provider == PROVIDERS[0] else provider)  # fmt: skip
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
            if self.end == ENDPOINTS["twin"]:  # a VPC with the id of another
                self.soft |= {"AN15"}
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
        nothing = call.type is None or of_stars(call.service, call.type)  # no resource is named
        if self.account in ORGANIZATIONS and (nothing or (alone and self.owner != "aws")):
            self.owner = self.account  # X-40; or nothing lets other accounts in
        self.resource = resource_of(rng, call, self.owner, self.region)
        fields = self.resource.split(":", 5)
        if len(fields) == 6 and fields[2] == "s3" and fields[4] == "":
            self.owner = BUCKETS.get(fields[5].split("/")[0], self.owner)
        if len(fields) == 6 and fields[4] == "aws":
            self.owner = "aws"
        if self.kind == "fedsts" and self.principal.provider:  # those of the account of the role
            provider = of_account(self.principal.provider, self.owner)
            self.principal = self.principal.model_copy(update={"provider": provider})
        if self.kind == "service":
            self.silent = self.maybe(0.3)
            self.behalf = rng.choice((*MEMBERS, PARTNER, STRANGER, LONER, MANAGEMENT))
            if self.silent:
                # P2 speaks of my resources only; on those of others a silent service may act for anybody.
                if ORGANIZATIONS.get(self.owner) == MINE and self.behalf != self.owner:
                    if not self.depart("P2.silent-service", 0.5):
                        self.behalf = self.owner
