"""A request as the evaluator reads it: names folded once, the resource cut once (semantics 0.1, 1.5.1)."""

from __future__ import annotations

from collections.abc import Mapping

from perimeter_smt.evaluate.globs import SEPARATOR, fold
from perimeter_smt.request.request import Principal, Request

Value = str | tuple[str, ...]
Rivals = frozenset[str]
# The open points of semantics 7 that the evaluator can read the other way.
OPEN_POINTS = (
    *("X-1", "X-2", "X-3", "X-4", "X-5", "X-6", "X-8", "X-9", "X-10", "X-11", "X-12", "X-13", "X-14", "X-15", "X-16"),
    *("X-17", "X-18", "X-19", "X-25", "X-27", "X-30", "X-38", "X-39", "X-41", "X-42", "X-44", "X-45", "X-46"),
)


def cut(text: str) -> tuple[str, ...] | None:
    """The six fields of an ARN, cut at the first five colons; None if the text is no ARN."""
    if not text.startswith("arn:"):
        return None
    fields = tuple(text.split(":", 5))
    return fields if len(fields) == 6 and SEPARATOR not in text else None


class Caller:
    """The calling principal with the names that policies compare."""

    __slots__ = ("account", "arn", "partition", "principal", "role_name", "type")

    def __init__(self, principal: Principal) -> None:
        self.principal, self.type, self.arn = principal, principal.type, principal.arn
        fields = cut(principal.arn or principal.role_arn or "")
        self.partition = fields[1] if fields else None
        self.account = principal.account or (fields[4] if fields and principal.type != "service" else None)
        self.role_name = self._role_name() if principal.type == "role-session" else None

    def _role_name(self) -> str | None:
        """The role's name without its path, folded: session ARNs carry no path (semantics 1.6.3)."""
        session = cut(self.arn or "")
        if session and session[5].startswith("assumed-role/"):
            return fold(session[5].split("/")[1])
        role = cut(self.principal.role_arn or "")
        return fold(role[5].rsplit("/", 1)[-1]) if role else None

    @property
    def is_iam(self) -> bool:
        """Whether the caller belongs to an account: user, role session, federated user or root user."""
        return self.type in ("user", "role-session", "federated-user", "root") and not self.is_origin_access_identity

    @property
    def is_origin_access_identity(self) -> bool:
        """Whether it is an identity of CloudFront: `arn:P:iam::cloudfront:user/...`, of no account (W-14)."""
        return self.account == "cloudfront"

    @property
    def is_service_linked(self) -> bool:
        """Whether it is the session of a service-linked role, told by flag or path (semantics 3.3)."""
        return self.principal.service_linked or ":role/aws-service-role/" in (self.principal.role_arn or "")


class View:
    """One request, ready to be matched. `has_boundary` matters to NotPrincipal (semantics 1.6.5).

    `asked_on`: what AWS writes for the resource of a call that names none, under the rival of X-46.
    """

    __slots__ = (
        *("action", "caller", "context", "has_boundary", "marked", "name", "request", "resource", "service"),
        "stands_for",
    )

    def __init__(
        self,
        request: Request,
        *,
        has_boundary: bool = False,
        extra: Mapping[str, Value] | None = None,
        asked_on: str | None = None,
    ) -> None:
        self.request, self.has_boundary = request, has_boundary
        self.caller = Caller(request.principal)
        self.action = fold(request.action)
        self.service, _, self.name = self.action.partition(":")
        self.resource = request.resource
        fields = cut(request.resource)
        self.marked = SEPARATOR.join(fields) if fields else None
        written = cut(asked_on) if asked_on and request.resource == "*" else None
        self.stands_for = SEPARATOR.join(written) if written else None
        self.context: dict[str, Value] = {}
        for source in (request.context, extra or {}):
            for key, value in source.items():
                # Of two spellings the first counts.
                self.context.setdefault(key.lower(), value)
