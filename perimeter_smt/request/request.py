"""One concrete request in the case format, and the ground truth behind it (semantics 0.1, 4.1)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

CallerType = Literal["user", "role-session", "federated-user", "root", "service", "anonymous", "federated-sts"]
Wire = Literal["public", "vpce", "awsnet", "invpc"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Principal(_Frozen):
    """The caller. `arn` is the session ARN of sessions, the service name of services; absent for anonymous.

    `canonical_id` is the id by which bucket policies may name the account, or the origin access identity (W-14).
    """

    type: CallerType
    arn: str | None = None
    account: str | None = None
    role_arn: str | None = None
    user_arn: str | None = None
    canonical_id: str | None = None
    provider: str | None = None
    management_account: bool = False
    service_linked: bool = False
    made_by_root: bool = False


class Request(_Frozen):
    """What AWS is asked. `resource` is an ARN or `*` for actions without resource types.

    Context values are texts; a list stands for a multivalued key.
    """

    principal: Principal
    action: str
    resource: str
    resource_account: str | None = None
    context: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)


class Facts(_Frozen):
    """Ground truth (semantics 4.1): who really calls, on whose behalf, over which wire, who owns what.

    `organizations` maps account ids to organization ids (None: in no organization), `paths` to
    organization paths.  `first_hop` is the wire of the first hop of a forward access session.  `behind` is the bucket
    or object behind the access point that is called, where it belongs to another account, `behind_account`.
    """

    kind: Literal["user", "role", "feduser", "root", "service", "anon", "fedsts"]
    principal_account: str | None = None
    temporary: bool = False
    service_linked: bool = False
    service_role: bool = False
    service: str | None = None
    behalf: str | None = None
    forwarded: bool = False
    path: Wire = "public"
    endpoint: str | None = None
    vpc: str | None = None
    endpoint_account: str | None = None
    vpc_account: str | None = None
    vpc_region: str | None = None
    source_address: str | None = None
    resource_account: str | None = None
    region: str | None = None
    first_hop_trusted: bool | None = None
    organizations: dict[str, str | None] = Field(default_factory=dict)
    paths: dict[str, str] = Field(default_factory=dict)
    hidden_tags: dict[str, str] = Field(default_factory=dict)  # of a bucket whose tags policies do not see (W-9)
    behind: str | None = None
    behind_account: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As reports show them: what is told of few requests is left out of the others."""
        rare = ("hidden_tags", "behind", "behind_account")
        return self.model_dump(mode="json", exclude={name for name in rare if not getattr(self, name)})
