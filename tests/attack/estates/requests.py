"""Random requests in an estate: callers and resources that are listed, twins of them, and everybody else."""

from __future__ import annotations

from fnmatch import fnmatchcase
from random import Random

from perimeter_smt.organization.model import OwnedPrincipal
from perimeter_smt.request.request import Principal
from tests.attack.cast import CAFE, ENDPOINTS, NAMES, ORGANIZATIONS, Call, calls
from tests.attack.derived import TAGS
from tests.attack.estates.binding import account_of, caller, governing
from tests.attack.estates.draw import Estate, Place
from tests.attack.estates.kinds import Part, part_arn
from tests.attack.worlds import Draw, Sample


def _call(service: str, action: str, type_: str) -> Call:
    for call in calls(service):
        if call.action == action and call.type == type_:
            return call
    info = next(call for call in calls(service) if call.action == action)
    return info._replace(type=type_)


class EstateDraw(Draw):
    """One request about a place of the estate."""

    def __init__(self, rng: Random, estate: Estate, departures: float = 0.0) -> None:
        self.estate = estate
        self.place: Place = rng.choice(estate.places)
        self.part: Part = rng.choice(self.place.kind.parts)
        call = _call(self.place.kind.service, rng.choice(self.part.actions), self.part.type)
        ends = [n for n, e in ENDPOINTS.items() if e.region == self.place.region and n != "unlisted"]
        super().__init__(rng, call, departures, tuple(ends))

    def _caller(self) -> None:
        """A caller that exists: those of complete lists are drawn from them."""
        for _ in range(60):
            super()._caller()
            account = account_of(self.estate.workspace, self.account)
            if self.kind == "root" and self.assumed_root:
                continue
            if self.fas and self.call.service not in ("s3", "kms", "dynamodb", "sqs", "sns"):
                continue
            if account is None or not account.listed or self.kind in ("root", "service", "anon"):
                return
            if self.kind == "feduser" and self.principal.made_by_root:
                return
            wanted = "role" if self.kind == "role" else "user"
            people = [p for p in account.principals if p.type == wanted]
            if not people or self.slr:
                continue
            chosen = self.rng.choice(people)
            tail = chosen.arn.rsplit("/", 1)[-1]
            if self.kind == "role":
                self.principal_arn, self.name = chosen.arn, tail
                arn = f"arn:aws:sts::{account.id}:assumed-role/{tail}/{self.session}"
                self.principal = self.principal.model_copy(update={"arn": arn, "role_arn": chosen.arn})
            elif self.kind == "user":
                self.principal_arn, self.name = chosen.arn, tail
                self.principal = self.principal.model_copy(update={"arn": chosen.arn})
            elif not _may_ask_for_tokens(chosen):
                continue
            else:
                self.principal = self.principal.model_copy(update={"user_arn": chosen.arn})
            return
        self.__dict__.update(kind="service", iam=False, account=None, temp=False, slr=False, srole=False, ec2=False)
        self.__dict__.update(service="sns.amazonaws.com", fas=False, behalf=None, assumed_root=False)
        self.principal = Principal(type="service", arn=self.service)

    def _region_and_wire(self) -> None:
        super()._region_and_wire()
        self.region = self.place.region
        if self.kind != "service" and self.path == "public" and self.address is None:
            self.address = CAFE

    def _owner(self) -> None:
        self.owner = self.place.account
        self.resource = part_arn(
            self.place.kind, self.part, name=self.place.name, region=self.place.region, account=self.place.account
        )
        if self.kind == "service":
            self.silent = self.maybe(0.3)
            passed = self.call.service == "sts"  # a role is passed inside its account alone (W-16)
            self.silent = self.silent or passed
            self.behalf = self.rng.choice(sorted(ORGANIZATIONS)) if not self.silent else self.owner

    def _principal_keys(self) -> None:
        super()._principal_keys()
        user = caller(self.estate.workspace, _Who(self.principal))  # type: ignore[arg-type]
        if user is None:
            return
        for tag in TAGS:
            self.context.pop(f"aws:PrincipalTag/{tag}", None)
        if self.kind != "feduser":
            for name, value in user.tags.items():
                self._put(f"aws:PrincipalTag/{name}", value)

    def _resource_keys(self) -> None:
        super()._resource_keys()
        owner = account_of(self.estate.workspace, self.owner)
        if owner is None or not owner.listed:
            return
        for tag in TAGS:
            self.context.pop(f"aws:ResourceTag/{tag}", None)
        resource = governing(self.estate.workspace, _Asked(self.owner, self.resource))  # type: ignore[arg-type]
        if resource is None:
            return
        # Tags of buckets count once ABAC is enabled, then for the objects too (W-9).
        counts = resource.abac if self.call.service == "s3" else resource.arn == self.resource
        if counts and (self.call.service == "s3" or "aws:resourcetag/${tagkey}" in self.call.keys):
            for name, value in resource.tags.items():
                self._put(f"aws:ResourceTag/{name}", value)


class _Asked:
    """What `governing` reads of a request."""

    def __init__(self, owner: str, resource: str) -> None:
        self.resource_account, self.resource = owner, resource


class _Who:
    """What `caller` reads of a request."""

    def __init__(self, principal: object) -> None:
        self.principal = principal


def sample(rng: Random, estate: Estate, *, departures: float = 0.0) -> Sample:
    """One request; whether its resource exists is asked with `absent`."""
    return EstateDraw(rng, estate, departures).sample()


__all__ = ["NAMES", "sample"]


def _may_ask_for_tokens(user: OwnedPrincipal) -> bool:
    """Whether an Allow of the user names GetFederationToken (STS API): else it has no federated users."""
    for statement in (s for document in user.policies for s in document.statements if s.effect == "Allow"):
        names = any(fnmatchcase("sts:getfederationtoken", text.lower()) for text in statement.action.values)
        if names != statement.action.negated:
            return True
    return False
