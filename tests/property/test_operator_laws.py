"""Laws of the condition operators, proved by the solver over free keys: no request breaks them (semantics 2).

Each law is an implication between conditions; its negation must be unsatisfiable, whatever the open readings unless
the law says otherwise. The same machinery must refute false laws with a request, which the evaluator confirms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from perimeter_smt.encode.language.condition import encode_condition
from perimeter_smt.encode.language.keys import FreeKeys
from perimeter_smt.encode.language.statement import bounds
from perimeter_smt.encode.language.text import readings
from perimeter_smt.evaluate import match_statement
from perimeter_smt.logic.formula import both, conj, neg, sym
from perimeter_smt.logic.problem import Assertion, Problem
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.operators import OPERATORS, Family
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.request.request import Request
from perimeter_smt.solve.engine import Engine

ONE, MANY = "aws:PrincipalTag/team", "aws:TagKeys"  # a single-valued and a multivalued key


@dataclass(frozen=True)
class Test:
    """One condition: operator text, policy values, key. `-test` is its negation."""

    operator: str
    values: tuple[str, ...]
    key: str = ONE
    holds: bool = True

    def __neg__(self):
        return replace(self, holds=not self.holds)


def test(operator, *values, **options):
    return Test(operator, values, **options)


test.__test__ = False
Test.__test__ = False


def present(key=ONE):
    """The key has a value, the empty text included, which Null would count as none (X-8)."""
    return test("StringLike" if key == ONE else "ForAnyValue:StringLike", "*", key=key)


def absent(key=ONE):
    return -present(key)


def filled():
    return test("Null", "false")


def ask(premises, conclusion, *, exact):
    """The engine's answer to `all premises and not the conclusion` (no conclusion: the premises alone)."""
    tests = [*premises, *([-conclusion] if conclusion else [])]
    statements = [
        {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {t.operator: {t.key: list(t.values)}}}
        for t in tests
    ]
    document = parse_object({"Version": "2012-10-17", "Statement": statements}, Kind.IDENTITY, file="law", name="law")
    keys = FreeKeys(bounds([document]))
    parts = [
        encode_condition(keys, document, statement.conditions[0])
        for statement, t in zip(document.statements, tests, strict=True)
    ]
    asked = conj(part if t.holds else neg(part) for part, t in zip(parts, tests, strict=True))
    fixed = conj(neg(sym(name)) for name in readings()) if exact else both()
    result = Engine(Problem((*keys.assertions, Assertion("readings", fixed)))).check([asked])
    if result.status == "sat":
        confirm(document, tests, result.model)
    return result


def confirm(document, tests, model):
    """The evaluator reads the request of a model as the encoding does."""
    context = {}
    if model.symbols.get(f"has {ONE.lower()}"):
        context[ONE] = model.texts.get(ONE.lower(), "")
    if model.symbols.get("has aws:username"):
        context["aws:username"] = model.texts.get("aws:username", "")
    if model.symbols.get(f"has {MANY.lower()}"):
        slots = range(1, 9)
        context[MANY] = tuple(
            model.texts.get(f"{MANY.lower()} {i}", "") for i in slots if model.symbols.get(f"has {MANY.lower()} {i}")
        )
    user = {"type": "user", "arn": "arn:aws:iam::111111111111:user/a", "account": "111111111111"}
    raw = {"principal": user, "action": "s3:GetObject", "resource": "arn:aws:s3:::b/o", "context": context}
    rivals = frozenset(name for name in readings() if model.symbols.get(name))
    for statement, t in zip(document.statements, tests, strict=True):
        found = match_statement(document, statement, Request.model_validate(raw), rivals=rivals)
        assert bool(found) == t.holds, (t, context, rivals)


# Two values of each operator: a request can meet the second without meeting the first.
VALUES = {
    Family.STRING: ("red", "blue"),
    Family.NUMERIC: ("5", "9.5"),
    Family.DATE: ("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
    Family.BOOL: ("true", "false"),
    Family.BINARY: ("QUJD", "cmVk"),
    Family.IP: ("203.0.113.0/24", "2001:db8::/32"),
    Family.ARN: ("arn:aws:s3:::red", "arn:aws:s3:::blue/*"),
    Family.NULL: ("true", "false"),
}


def values(base):
    first, second = VALUES[base.family]
    return (second, first) if "Greater" in base.name else (first, second)


def positive_of(base):
    """The operator that a negated one negates: same family, same test."""
    same = [b for b in OPERATORS if (b.family, b.test, b.negated) == (base.family, base.test, False)]
    return next(b for b in same if b.name == base.name.replace("Not", "", 1))


@dataclass(frozen=True)
class Law:
    """`premises` imply `conclusion`; without a conclusion they exclude each other."""

    name: str
    premises: tuple[Test, ...]
    conclusion: Test | None
    exact: bool = False  # holds under the chosen readings only
    true: bool = True


def general(base):
    """Laws of every operator, and false ones beside them."""
    op, (v, w) = base.name, values(base)
    if base.family is Family.NULL:
        return
    for prefix, key in (("", ONE), ("ForAllValues:", MANY), ("ForAnyValue:", MANY)):
        name, some = prefix + op, test(prefix + op, v, key=key)
        yield Law("IfExists is weaker", (some,), test(f"{name}IfExists", v, key=key))
        wide, narrow = test(name, v, w, key=key), some
        if base.negated:
            yield Law("one value more narrows", (wide,), narrow)
            yield Law("one value more may exclude something", (narrow,), wide, true=False)
        else:
            yield Law("one value more widens", (narrow,), wide)
            yield Law("one value more may add something", (wide,), narrow, true=False)
        yield Law("can hold", (some, present(key)), None, true=False)
        yield Law("can fail", (present(key),), some, true=False)
        if base.negated:
            mirror = test(prefix + positive_of(base).name, v, key=key)
            yield Law("is not its positive form", (some, present(key)), mirror, true=False)
    yield Law("IfExists holds on absence", (absent(),), test(f"{op}IfExists", v))
    yield Law("ForAllValues holds on absence", (absent(MANY),), test(f"ForAllValues:{op}", v, key=MANY))
    yield Law("ForAllValues does not ask for presence", (test(f"ForAllValues:{op}", v),), present(), true=False)
    yield Law("ForAnyValue asks for presence", (test(f"ForAnyValue:{op}", v, key=MANY), absent(MANY)), None)
    yield Law(
        "ForAnyValue...IfExists holds on absence", (absent(MANY),), test(f"ForAnyValue:{op}IfExists", v, key=MANY),
        exact=True,
    )  # X-5  # fmt: skip
    yield Law("no value fails all yet one passes", tuple(_some_but_not_all(op, v)), None, true=False)
    yield Law("set operators agree on one value", (test(op, v), present()), test(f"ForAnyValue:{op}", v))
    yield Law("and back, one value", (test(f"ForAnyValue:{op}", v),), test(op, v))
    yield Law("ForAllValues likewise", (test(op, v),), test(f"ForAllValues:{op}", v))
    yield Law("and back, if present", (test(f"ForAllValues:{op}", v), filled()), test(op, v), exact=True)
    yield Law("no set operator on a multivalued key", (test(op, v, key=MANY),), None, exact=True)
    if base.negated:
        yield Law("negated: holds on absence", (absent(),), test(op, v), exact=True)
        yield Law("negated: IfExists changes nothing", (test(f"{op}IfExists", v),), test(op, v))
        yield from _negation(base, v)
    else:
        yield Law("positive: fails on absence", (test(op, v), absent()), None, exact=True)
        yield Law("positive: IfExists adds absence", (test(f"{op}IfExists", v),), test(op, v), true=False)


def _some_but_not_all(op, v):
    return test(f"ForAnyValue:{op}", v, key=MANY), -test(f"ForAllValues:{op}", v, key=MANY)


def _negation(base, v):
    op, positive = base.name, positive_of(base).name
    yield Law("never with its positive form", (test(op, v), test(positive, v)), None)
    # A value that is no ARN fails both, one that does not parse may.
    there = (present(), *((test("ArnLike", "*"),) if base.family is Family.ARN else ()))
    yield Law("negated = not positive, if present", (*there, -test(positive, v)), test(op, v), exact=True)
    yield Law("nor for all and for any", _for_all_and_any(op, positive, v), None, exact=True)


def _for_all_and_any(op, positive, v):
    return test(f"ForAllValues:{op}", v, key=MANY), test(f"ForAnyValue:{positive}", v, key=MANY)


def ordered(family, low, high, same):
    """The order of numbers and of dates."""

    def at(relation, value):
        return test(f"{family}{relation}", value)

    less, at_most, more, at_least = "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"
    yield Law("< implies <=", (at(less, low),), at(at_most, low))
    yield Law("<= does not imply <", (at(at_most, low),), at(less, low), true=False)
    yield Law("> implies >=", (at(more, low),), at(at_least, low))
    yield Law(">= does not imply >", (at(at_least, low),), at(more, low), true=False)
    yield Law("= implies <=", (at("Equals", low),), at(at_most, low))
    yield Law("= implies >=", (at("Equals", low),), at(at_least, low))
    yield Law("<= and >= imply =", (at(at_most, low), at(at_least, low)), at("Equals", low))
    yield Law("< excludes >=", (at(less, low), at(at_least, low)), None)
    yield Law("> excludes <=", (at(more, low), at(at_most, low)), None)
    yield Law("<= does not exclude >=", (at(at_most, low), at(at_least, low)), None, true=False)
    yield Law("< implies not equal", (at(less, low),), at("NotEquals", low))
    yield Law("a higher bound is weaker", (at(at_most, low),), at(less, high))
    yield Law("a lower bound is weaker", (at(at_least, high),), at(more, low))
    yield Law("a lower bound is not stronger", (at(more, low),), at(at_least, high), true=False)
    yield Law("two values exclude each other", (at("Equals", low), at("Equals", high)), None)
    yield Law("unequal to both is possible", (at("NotEquals", low), at("NotEquals", high)), None, true=False)
    for spelling in same:
        yield Law("the same value in another spelling", (at("Equals", low),), at("Equals", spelling))
        yield Law("and back", (at("Equals", spelling),), at("Equals", low))


def special():
    """Laws that tie operators to each other, by family."""
    yield from ordered("Numeric", "10", "10.5", ("1e1", "10.0", "+10"))
    yield from ordered("Date", "2025-01-01T00:00:00Z", "2025-01-01T00:00:01Z",
                       ("1735689600", "2025-01-01T01:00:00+01:00", "2025-01"))  # fmt: skip
    equals, like, fold = "StringEquals", "StringLike", "StringEqualsIgnoreCase"
    not_equals, not_like, not_fold = "StringNotEquals", "StringNotLike", "StringNotEqualsIgnoreCase"
    yield Law("equal implies like", (test(equals, "red"),), test(like, "red"))
    yield Law("like without wildcards implies equal", (test(like, "red"),), test(equals, "red"))
    yield Law("equal implies equal but for case", (test(equals, "red"),), test(fold, "RED"))
    yield Law("not the other way", (test(fold, "red"),), test(equals, "red"), true=False)
    yield Law("case of the policy is no matter", (test(fold, "red"),), test(fold, "rEd"))
    yield Law("unequal but for case implies unequal", (test(not_fold, "RED"),), test(not_equals, "red"))
    yield Law("not the other way", (test(not_equals, "red"),), test(not_fold, "red"), true=False)
    yield Law("? is one of *", (test(like, "re?"),), test(like, "r*"))
    yield Law("not the other way", (test(like, "r*"),), test(like, "re?"), true=False)
    yield Law("a star is literal under equal", (test(equals, "r*"),), test(like, "r*"))
    yield Law("and only there", (test(like, "r*"),), test(equals, "r*"), true=False)
    yield Law("unlike the wider implies unlike the narrower", (test(not_like, "r*"),), test(not_like, "re?"))
    yield Law("and unequal", (test(not_like, "r*"),), test(not_equals, "red"))
    yield Law("escaped star is a star", (test(like, "r${*}"),), test(equals, "r*"))
    yield Law("two patterns may overlap", (test(like, "r*"), test(like, "*d")), None, true=False)
    yield Law("or not", (test(like, "r?d"), test(like, "r??d")), None)
    for one, other in (("ArnEquals", "ArnLike"), ("ArnNotEquals", "ArnNotLike")):
        for pattern in ("arn:aws:iam::*:role/a*", "*", "arn:aws:s3"):
            yield Law(f"{one} implies {other}", (test(one, pattern),), test(other, pattern))
            yield Law(f"{other} implies {one}", (test(other, pattern),), test(one, pattern))
    role, wide = "arn:aws:iam::111111111111:role/app/*", "arn:aws:iam::*:role/*"
    yield Law("the narrower ARN implies the wider", (test("ArnLike", role),), test("ArnEquals", wide))
    yield Law("not the other way", (test("ArnEquals", wide),), test("ArnLike", role), true=False)
    yield Law("unlike the wider ARN", (test("ArnNotLike", wide),), test("ArnNotEquals", role))
    yield Law("like an ARN implies like its text", (test("ArnLike", wide),), test(like, wide))
    yield Law("a star stays in its field", (test(like, wide),), test("ArnLike", wide), true=False)
    yield Law("so five colons are too many", (test("ArnLike", wide), test(equals, "arn:aws:iam::1:2:role/a")), None,
              exact=True)  # X-38  # fmt: skip
    inside, outside = "IpAddress", "NotIpAddress"
    yield Law("a narrower range implies the wider", (test(inside, "203.0.113.0/24"),), test(inside, "203.0.0.0/16"))
    yield Law("not the other way", (test(inside, "203.0.0.0/16"),), test(inside, "203.0.113.0/24"), true=False)
    yield Law("outside the wider", (test(outside, "203.0.0.0/16"),), test(outside, "203.0.113.0/24"))
    yield Law("host bits are masked", (test(inside, "10.0.0.1/8"),), test(inside, "10.0.0.0/8"))
    yield Law("a bare address is a /32", (test(inside, "10.0.0.1"),), test(inside, "10.0.0.1/32"))
    yield Law("a bare IPv6 address is a /128", (test(inside, "2001:db8::7"),), test(inside, "2001:DB8:0::7/128"),
              exact=True)  # X-9  # fmt: skip
    yield Law("the families exclude each other", (test(inside, "0.0.0.0/0"), test(inside, "::/0")), None)
    yield Law("two halves are the whole", (test(inside, "10.0.0.0/8"),), test(inside, "10.0.0.0/9", "10.128.0.0/9"))
    yield Law("true excludes false", (test("Bool", "true"), test("Bool", "false")), None)
    yield Law("case of truth values is no matter", (test("Bool", "TRUE"),), test("Bool", "true"))
    yield Law("not false is not true", (present(), -test("Bool", "false")), test("Bool", "true"), true=False)
    yield Law("truth values are texts", (test("Bool", "true"),), test(fold, "true"))
    yield Law("bytes exclude other bytes", (test("BinaryEquals", "QUJD"), test("BinaryEquals", "cmVk")), None)
    null, there = test("Null", "true"), test("Null", "false")
    yield Law("null true is not null false", (null, there), None)
    yield Law("and one of them holds", (-null,), there)
    yield Law("both values are always met", (), test("Null", "true", "false"))
    yield Law("a text means presence", (test(equals, "red"),), there)
    yield Law("the empty text does not", (test(equals, ""),), there, true=False)
    yield Law("null can hold", (null,), None, true=False)
    yield Law("null can fail", (there,), None, true=False)


LAWS = tuple((base.name, law) for base in OPERATORS for law in general(base)) + tuple(
    (law.conclusion.operator if law.conclusion else law.premises[0].operator, law) for law in special()
)


def named(item):
    operator, law = item
    return f"{operator}: {law.name}: {'; '.join(f'{t.operator} {list(t.values)}' for t in law.premises)}"


@pytest.mark.parametrize("operator", [base.name for base in OPERATORS])
def test_laws(operator):
    """Every law about the operator is proved, every false one refuted with a request that the evaluator confirms."""
    found = [item for item in LAWS if item[0] == operator]
    wrong = []
    for item in found:
        law = item[1]
        status = ask(law.premises, law.conclusion, exact=law.exact or not law.true).status
        if status != ("unsat" if law.true else "sat"):
            wrong.append(f"{named(item)}: {status}")
    assert not wrong, "\n".join(wrong)
    assert {law.true for _, law in found} == {True, False}, "a law and a false law at least"


def test_every_operator_is_compared_with_another():
    """The table is complete: each operator has the general laws, and stands in a law about its own comparison."""
    own = {t.operator for law in special() if law.true for t in (*law.premises, law.conclusion) if t}
    assert own == {base.name for base in OPERATORS}
    counts = {base.name: len(list(general(base))) for base in OPERATORS}
    assert {base.name for base in OPERATORS if counts[base.name] == 0} == {"Null"}
    assert len({counts[b.name] for b in OPERATORS if b.negated}) == 1
    assert len({counts[b.name] for b in OPERATORS if not b.negated and b.name != "Null"}) == 1


VARIABLE = test("StringEqualsIgnoreCase", "${aws:username}")


def test_case_of_a_variable_is_no_matter_under_ignore_case():
    """A user `RED` meets `${aws:username}` with the tag `red`: the two texts need not be equal."""
    assert ask((VARIABLE,), test("StringEquals", "${aws:username}"), exact=True).status == "sat"
