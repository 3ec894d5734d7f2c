"""Many principals as one short formula.

`account = A and name = N` over all principals is as long as the organization.  Names that the same accounts hold are
put together, so that the formula follows the different names and the different sets of accounts; the formulas of
equal sets are one (formulas are shared).  Each function means the disjunction over the principals, in which one
principal by itself is spelled out as `is_caller` says.  Few principals are left as they are: each has facts of its own,
which proofs can name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.language.principal import unique_name, with_name
from perimeter_smt.encode.world.accounts import one_of
from perimeter_smt.encode.world.governs import arn_of_service
from perimeter_smt.logic.formula import TRUE, Formula, both, disj, either, implies, is_text, neg, sym
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.organization.model import Account, OwnedPrincipal
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document

T = TypeVar("T", bound=Hashable)
Item = TypeVar("Item")
_FEW = 64  # so many principals are left as they are
Apart = Callable[
    [Iterable[OwnedPrincipal], Callable[[OwnedPrincipal], Formula]], Iterator[tuple[list[OwnedPrincipal], Formula]]
]
Name = tuple[str, str]  # role or user, and the name with kind and path


def is_caller(principal: OwnedPrincipal) -> Formula:
    """The caller is this user, a session of this role, or a federated user made by this user."""
    return callers([principal])


def callers(principals: Iterable[OwnedPrincipal]) -> Formula:
    """The caller is one of the principals, as `is_caller` says."""
    return disj(
        both(one_of("principal.account", accounts), callers_named(names))
        if len(accounts) > 1 or len(names) > 1
        else _calls(names[0], is_text("principal.account", accounts[0]))
        for accounts, names in _by_accounts(principals)
    )


def callers_named(names: Iterable[Name]) -> Formula:
    """The caller has one of the names, in whichever account."""
    roles: list[Name] = []
    others: list[Name] = []
    for named in names:
        (roles if named[0] == "role" else others).append(named)
    of_roles = both(sym_is("role"), one_of("principal.name", (name for _, name in roles)))
    return either(of_roles, *map(_calls, others))


def targets(principals: Iterable[OwnedPrincipal]) -> Formula:
    """The called resource is one of the roles or users."""
    partitions = group(principals, lambda p: p.arn.split(":", 2)[1])
    return disj(
        both(
            one_of("resource.account", accounts),
            is_text("aws.partition", partition),
            arn_of_service("iam"),
            one_of("resource.name", (name for _, name in names)),
        )
        for partition, own in partitions.items()
        for accounts, names in _by_accounts(own)
    )


def by_documents(
    principals: Iterable[OwnedPrincipal], held: Callable[[OwnedPrincipal], Iterable[Document | None]]
) -> list[tuple[list[OwnedPrincipal], list[Document]]]:
    """The documents that principals hold, those of the same principals together, with the principals."""
    principals = list(principals)
    if few(principals):
        each = (([principal], [d for d in held(principal) if d is not None]) for principal in principals)
        return [(own, documents) for own, documents in each if documents]
    documents: dict[int, Document] = {}
    holders: dict[int, dict[int, OwnedPrincipal]] = {}
    for principal in principals:
        for document in held(principal):
            if document is not None:
                documents[id(document)] = document
                holders.setdefault(id(document), {})[id(principal)] = principal
    found = group(documents.values(), lambda document: tuple(holders[id(document)]))
    return [(list(holders[id(own[0])].values()), own) for own in found.values()]


def alike(accounts: Sequence[Account], key: Callable[[Account], Hashable]) -> dict[str, list[Account]]:
    """The accounts of which the same is to be said, under the first of them."""
    if few([principal for account in accounts for principal in account.principals]):
        return {account.id: [account] for account in accounts}
    return {own[0].id: own for own in group(accounts, key).values()}


def one_each(
    principals: Iterable[OwnedPrincipal], said: Callable[[OwnedPrincipal], Formula]
) -> Iterator[tuple[list[OwnedPrincipal], Formula]]:
    """What is said of each principal, by itself."""
    return (([principal], said(principal)) for principal in principals)


def among_many(
    principals: Iterable[OwnedPrincipal], said: Callable[[OwnedPrincipal], Formula]
) -> Iterator[tuple[list[OwnedPrincipal], Formula]]:
    """What is said of principals, those together of whom the same is said, and without those of whom nothing is."""
    found: dict[int, tuple[list[OwnedPrincipal], Formula]] = {}
    for principal in principals:
        fact = said(principal)
        found.setdefault(id(fact), ([], fact))[0].append(principal)
    return (each for each in found.values() if each[1] is not TRUE)


def few(principals: Collection[object]) -> bool:
    """Whether so many principals are left as they are."""
    return len(principals) <= _FEW


def among(accounts: Sequence[str]) -> str:
    """Some accounts as proofs name them."""
    first, *others = accounts
    return first if not others else f"{first} and {len(others)} more"


SPELLED = "organization.yaml one "  # how the facts on the one spelling of names begin


def principal_facts(workspace: Workspace, documents: Iterable[Document] = ()) -> list[Assertion]:
    """Names of roles and users are unique in an account whatever path and case: who has one is as the input writes it.

    `documents`: policies whose principals are input, too. AWS saves no role that is not there, and shows a saved one
    by its ARN. Input that writes one name in several ways leaves them all (W-12, W-13).
    """
    perimeter = workspace.perimeter
    written = [p.arn for account, _ in workspace.organization.accounts() for p in account.principals]
    written += [arn for entry in perimeter.third_principals for arn in entry.arns]
    written += [arn for entry in perimeter.third_resources for arn in entry.callers]
    written += [arn for vendor in perimeter.vendors for arn in vendor.arns]
    written += [entry.arn for entry in perimeter.role_exceptions]
    granting = [r for account, _ in workspace.organization.accounts() for r in account.resources if r.grants]
    written += [name for key in granting for g in key.grants or () for name in (g.grantee, g.retiring) if name]
    written += [
        entry.value
        for document in documents
        for statement in document.statements
        if statement.principal is not None
        for entry in statement.principal.entries
        if entry.type == "AWS"
    ]
    found: dict[tuple[str, str, str], set[str]] = {}
    for arn in written:
        if key := unique_name(arn):
            found.setdefault(key, set()).add(arn.split(":", 5)[5])
    alone = few(found)
    spelled = group(sorted(found), lambda key: (key[0] if alone else "", *key[1:], tuple(sorted(found[key]))))
    out = []
    for (_, kind, last, names), keys in spelled.items():
        own = [account for account, _, _ in keys]
        here = both(one_of("principal.account", own), with_name(kind, last))
        fact = implies(here, one_of("principal.name", names))
        out.append(Assertion(f"{SPELLED}{kind} {last} in {among(own)}", fact))
    return out


def name_of(principal: OwnedPrincipal) -> Name:
    """A principal within its account."""
    return principal.type, principal.arn.split(":", 5)[5]


def group(items: Iterable[Item], key: Callable[[Item], T]) -> dict[T, list[Item]]:
    """Items by what is said of them, in the order of their first."""
    out: dict[T, list[Item]] = {}
    for item in items:
        out.setdefault(key(item), []).append(item)
    return out


def _by_accounts(principals: Iterable[OwnedPrincipal]) -> list[tuple[tuple[str, ...], list[Name]]]:
    """Sets of accounts, with the names that all accounts of the set hold."""
    principals = list(principals)
    if few(principals):
        return [((principal.account,), [name_of(principal)]) for principal in principals]
    holders: dict[Name, dict[str, None]] = {}
    for principal in principals:
        holders.setdefault(name_of(principal), {})[principal.account] = None
    return list(group(holders, lambda name: tuple(holders[name])).items())


def _calls(named: Name, here: Formula | None = None) -> Formula:
    kind, name = named
    account = () if here is None else (here,)
    if kind == "role":
        return both(sym_is("role"), *account, is_text("principal.name", name))
    return both(
        *account,
        either(
            both(sym_is("user"), is_text("principal.name", name)),
            both(sym_is("federated-user"), is_text("principal.user", name), neg(sym("principal.made-by-root"))),
        ),
    )
