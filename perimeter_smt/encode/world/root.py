"""Whether the root user and the users of an account can make federated users (W-6; STS API, GetFederationToken).

The root user can unless the SCPs of the account surely deny it that call, whatever else the request holds; a user only
if a policy of its own speaks of the call: no policy of a resource grants it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from perimeter_smt.encode.language.statement import Policies
from perimeter_smt.encode.world.catalogue import CALL, Calls
from perimeter_smt.logic.atoms import Atom, Is, Member, variables
from perimeter_smt.logic.formula import Formula, both, conj, either, neg, walk
from perimeter_smt.logic.interpret import Model, holds
from perimeter_smt.organization.model import Account, OwnedPrincipal
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Element

_CALL = "sts:getfederationtoken"
# Keys that the call surely carries or lacks (axioms AP2 to AP11, AP15, AR1, AR3; all of them hard).
_PRESENT = (
    "has aws:PrincipalArn", "has aws:PrincipalAccount", "has aws:PrincipalType", "has aws:PrincipalOrgID",
    "has aws:PrincipalOrgPaths", "has aws:userid", "has aws:PrincipalIsAWSService", "has aws:ViaAWSService",
)  # fmt: skip
_ABSENT = (
    "principal.service-linked", "principal.assumed-root", "principal.made-by-root", "forwarded", "has aws:AssumedRoot",
    "has aws:username", "has aws:PrincipalServiceName", "has aws:PrincipalServiceNamesList", "has aws:CalledVia",
    "has aws:CalledViaFirst", "has aws:CalledViaLast", "has aws:SourceAccount", "has aws:SourceArn",
    "has aws:SourceOrgID", "has aws:SourceOrgPaths",
)  # fmt: skip


def idle(element: Element) -> bool:
    """Whether an action element has no say on that call."""
    return _call().idle(element)


@lru_cache(maxsize=1)
def _call() -> Calls:
    return Calls(("sts",), only=frozenset([_CALL]))


def asks_no_token(user: OwnedPrincipal) -> bool:
    """Whether nothing that is attached to a listed user allows it to make federated users."""
    granted = (
        statement for document in user.policies for statement in document.statements if statement.effect == "Allow"
    )
    return user.type == "user" and all(idle(statement.action) for statement in granted)


def makes_federated_users(workspace: Workspace, policies: Policies, account: Account) -> bool:
    """Whether some request of this root user to make a federated user may get past the SCPs."""
    organization = workspace.organization
    if account.id == organization.management_account:
        return True
    levels = organization.levels(account.id)
    denied = policies.denies(document for level in levels for document in level.scps)
    allowed = conj(policies.allows(level.scps) for level in levels if not level.full_access_scp)
    stopped = either(denied, neg(allowed))
    texts = {
        "principal.account": account.id,
        "principal.name": "root",
        "principal.arn-service": "iam",
        "aws.partition": organization.partition,
        "org(principal.account)": organization.id,
        "units(principal.account)": organization.path(account.id).split("/", 1)[1],
        "aws:PrincipalType": "Account",
        "aws:userid": account.id,
        "aws:PrincipalIsAWSService": "false",
        "aws:ViaAWSService": "false",
    }
    bodies = {a.name: a.formula.args[1] for a in policies.assertions if a.formula.op == "iff"}
    calls = _call()
    rows = [1 << i for i in range(len(calls.rows))]
    return not all(_sure(both(stopped), _Known(texts, bodies, calls, row)) for row in rows)


class _Known:
    """What is known of the request; everything else is open."""

    def __init__(self, texts: Mapping[str, str], bodies: Mapping[str, Formula], calls: Calls, row: int) -> None:
        self.bodies, self.calls, self.row = bodies, calls, row
        self.model = Model(texts=texts, enums={"caller": "root"})
        self.values: dict[int, bool | None] = {}

    def symbol(self, name: str) -> bool | None:
        """The value of a symbol; None: open."""
        if name in _PRESENT:
            return True
        if name in _ABSENT:
            return False
        body = self.bodies.get(name)
        return None if body is None else self.value(body)

    def fact(self, fact: Atom) -> bool | None:
        """The value of an atom; None: open."""
        if isinstance(fact, Member):
            return bool(self.calls.members(fact.name) & self.row) if fact.var == CALL else None
        if isinstance(fact, Is):
            return holds(fact, self.model) if fact.var in self.model.enums else None
        return holds(fact, self.model) if all(v in self.model.texts for v in variables(fact)) else None

    def value(self, root: Formula) -> bool | None:
        """The value of a formula in the logic of three values."""
        for node in walk(root):
            if id(node) not in self.values:
                self.values[id(node)] = self._node(node)
        return self.values[id(root)]

    def _node(self, node: Formula) -> bool | None:
        args = [self.values[id(arg)] for arg in node.args]
        match node.op:
            case "true" | "false":
                return node.op == "true"
            case "sym":
                return self.symbol(node.payload)
            case "atom":
                return self.fact(node.payload)
            case "not":
                return None if args[0] is None else not args[0]
            case "and":
                return False if False in args else None if None in args else True
            case "or":
                return True if True in args else None if None in args else False
        return None if None in args else args[0] == args[1]


def _sure(formula: Formula, known: _Known) -> bool:
    return known.value(formula) is True
