"""Many principals as one formula: the same meaning as one by one, in a size that follows names and sets of accounts."""

from __future__ import annotations

from itertools import product

import pytest

from perimeter_smt.encode.world import people, sessions
from perimeter_smt.encode.world.existence import existence
from perimeter_smt.encode.world.people import by_documents, callers, is_caller, principal_facts, targets
from perimeter_smt.encode.world.world import build
from perimeter_smt.logic.formula import conj, disj, walk
from perimeter_smt.logic.interpret import Model, truth
from perimeter_smt.organization.model import Account, Organization, OwnedPrincipal, Session, Unit
from perimeter_smt.organization.perimeter import Perimeter, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object

IDS = [f"44445555{number:04d}" for number in range(8)]


def principal(account, kind, name, *, partition="aws", policies=()):
    arn = f"arn:{partition}:iam::{account}:{kind}/{name}"
    return OwnedPrincipal(arn=arn, type=kind, account=account, policies=policies)


def grant(number):
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::team-{number}/*"}
    return parse_object({"Version": "2012-10-17", "Statement": [statement]}, Kind.IDENTITY, file="p.json", name="p")


PEOPLE = [
    principal(IDS[0], "role", "App"),
    principal(IDS[1], "role", "App"),
    principal(IDS[1], "role", "Job"),
    principal(IDS[2], "role", "Job"),
    principal(IDS[0], "user", "ana"),
    principal(IDS[2], "user", "ana"),
    principal(IDS[3], "role", "App", partition="aws-cn"),
]


def models():
    """Every request that these names and accounts can make."""
    names = ["role/App", "role/Job", "user/ana", "role/Nobody"]
    for account, name, caller, partition, made in product(
        IDS[:5], names, ["role", "user", "federated-user", "root"], ["aws", "aws-cn"], [False, True]
    ):
        texts = {"principal.account": account, "resource.account": account, "aws.partition": partition}
        texts |= {"principal.name": name, "principal.user": name, "resource.name": name}
        members = {"call": frozenset({"arn service ~ iam"})}
        yield Model({"principal.made-by-root": made}, texts, {"caller": caller}, members)


@pytest.mark.parametrize("few", [0, 64])
def test_together_as_one_by_one(few, monkeypatch):
    """Callers and targets of a list are those of its members."""
    monkeypatch.setattr(people, "_FEW", few)
    together = [callers(PEOPLE), targets(PEOPLE)]
    monkeypatch.setattr(people, "_FEW", 64)
    single = [disj(map(is_caller, PEOPLE)), disj(targets([one]) for one in PEOPLE)]
    assert few or together[0] is not single[0]
    seen = set()
    for model in models():
        answers = [truth(formula, model) for formula in single]
        assert [truth(formula, model) for formula in together] == answers
        seen.add(tuple(answers))
    assert len(seen) > 2


def test_documents_of_the_same_holders_stand_together(monkeypatch):
    """Each document comes once, with all who hold it."""
    monkeypatch.setattr(people, "_FEW", 0)
    first, second, third = map(grant, range(3))
    holders = [
        principal(IDS[0], "role", "A", policies=(first, second)),
        principal(IDS[1], "role", "B", policies=(first, second, third)),
    ]
    found = by_documents(holders, lambda p: p.policies)
    assert found == [(holders, [first, second]), (holders[1:], [third])]


def space(accounts, names):
    grants = [grant(number) for number in range(names)]
    held = tuple(
        Account(
            id=f"4444{number:08d}",
            listed=True,
            principals=tuple(
                principal(f"4444{number:08d}", "role", f"Role{n}", policies=(grants[n],)) for n in range(names)
            ),
        )
        for number in range(accounts)
    )
    root = Unit(id="r-ac01", accounts=(*held, Account(id="999988887777", listed=True)))
    organization = Organization(id="o-acme0000001", management_account="999988887777", root=root)
    return Workspace(organization=organization, perimeter=Perimeter(orgs=("o-acme0000001",)), name="acme")


def test_the_formula_follows_names_and_not_principals():
    """Tenfold accounts with the same roles make a formula that is longer by what is said of accounts only."""
    sizes = []
    for accounts in (4, 40):
        world = build(space(accounts, 50), ["s3"], free_grants=False)
        nodes = {id(node) for assertion in world.assertions for node in walk(assertion.formula)}
        sizes.append(len(nodes))
    assert sizes[1] - sizes[0] < 2 * 1800  # so many principals more


def test_a_fact_about_a_name_holds_in_each_account(monkeypatch):
    """One fact says for several accounts how a name is spelled, another where it is spelled otherwise."""
    monkeypatch.setattr(people, "_FEW", 0)
    account = [Account(id=IDS[n], principals=(PEOPLE[n],)) for n in (0, 1)]
    other = Account(id=IDS[2], principals=(principal(IDS[2], "role", "team/APP"),))
    root = Unit(id="r-ac01", accounts=(*account, other))
    organization = Organization(id="o-acme0000001", management_account="999988887777", root=root)
    facts = principal_facts(
        Workspace(organization=organization, perimeter=Perimeter(orgs=("o-acme0000001",)), name="acme")
    )
    assert [fact.name for fact in facts] == [
        f"organization.yaml one role app in {IDS[0]} and 1 more",
        f"organization.yaml one role app in {IDS[2]}",
    ]

    def allowed(where, name):
        model = Model({}, {"principal.account": where, "principal.name": name}, {"caller": "role"})
        return all(truth(fact.formula, model) for fact in facts)

    assert allowed(IDS[1], "role/App") and allowed(IDS[2], "role/team/APP") and allowed(IDS[3], "role/app")
    assert not allowed(IDS[1], "role/app") and not allowed(IDS[2], "role/App")


def carriers():
    """Roles and users with tags and sessions, in two accounts and under two names each."""
    limit = grant(9)
    closed = parse_object(
        {"Version": "2012-10-17",
         "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]},
        Kind.TRUST, file="t.json", name="t",
    )  # fmt: skip
    tags = [{"team": "red"}, {}, {"team": "red"}, {"Team": "blue", "other": "x"}]
    for n, (account, (kind, name)) in enumerate(
        product(IDS[:2], [("role", "App"), ("role", "Job"), ("user", "ana"), ("user", "bob")])
    ):
        names = ("ci-*",) if n % 4 == 0 else ("ci-*", "night") if n % 4 == 2 else ()
        yield principal(account, kind, name).model_copy(
            update={
                "tags": tags[n % 3 if n < 4 else n % 4],
                "trust": closed if kind == "role" and n != 4 else None,
                "sessions": tuple(Session(name=own, policies=(limit,)) for own in names),
                "sessions_listed": n % 4 == 0,
            }
        )


def called_models():
    """Requests of these callers on these roles and users, with and without tags."""
    names = ["role/App", "role/Job", "user/ana", "user/bob"]
    for account, caller, name, session, value in product(
        IDS[:2], ["role", "user", "federated-user"], names, ["ci-1", "night", "other"], ["", "red", "blue"]
    ):
        own = f"federated-user/{session}" if caller == "federated-user" else name
        texts = {"principal.account": account, "principal.name": own, "principal.user": name}
        texts |= {"principal.session": session, "resource.name": name, "aws.partition": "aws"}
        texts |= {"resource.account": IDS[0], "aws:PrincipalTag/team": value, "aws:ResourceTag/team": value}
        has = {f"has {key}": bool(value) for key in ("aws:PrincipalTag/team", "aws:ResourceTag/team")}
        yield Model(has, texts, {"caller": caller}, {"call": frozenset({"arn service ~ iam"})})


def test_tags_and_sessions_together_as_one_by_one(monkeypatch):
    """What is said of the tags and sessions of many says the same of each, in fewer facts."""
    found = list(carriers())
    account = [Account(id=own, listed=True, principals=tuple(p for p in found if p.account == own)) for own in IDS[:2]]
    root = Unit(id="r-ac01", accounts=tuple(account))
    organization = Organization(id="o-acme0000001", management_account="999988887777", root=root)
    workspace = Workspace(organization=organization, perimeter=Perimeter(orgs=("o-acme0000001",)), name="acme")
    keys = ("aws:principaltag/team", "aws:resourcetag/team")
    world = build(workspace, ["iam", "s3"], free_grants=False, also_keys=keys)
    told = []
    for few in (0, 64):
        monkeypatch.setattr(people, "_FEW", few)
        facts = [f for f in existence(workspace, world.policies, keys) if " tags" in f.name]
        facts += sessions.facts(account)
        given = sessions.definitions(found, world.policies)["session.given"]
        told.append(([conj(f.formula for f in facts), given], len(facts)))
    (together, fewer), (single, more) = told
    assert fewer < more
    seen = set()
    for model in called_models():
        answers = tuple(truth(formula, model) for formula in single)
        assert tuple(truth(formula, model) for formula in together) == answers
        seen.add(answers)
    assert len(seen) == 4
