"""C1: only who is trusted gets credentials of mine (whitepaper on data perimeters; docs/mitigations.md).

Every call that gives a session of a role, under its trust policy and the guardrails of both sides. Roles that are alike
are asked as one; what is left when no request is found any more is proved together.
"""

from __future__ import annotations

import json
from dataclasses import replace

from perimeter_smt.encode.world import credentials
from perimeter_smt.encode.world.world import World, all_documents, build
from perimeter_smt.errors import InternalError, LeftOpenError
from perimeter_smt.evaluate.credentials import unexpected
from perimeter_smt.logic.formula import Formula, both, neg
from perimeter_smt.logic.interpret import truth
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions import explain
from perimeter_smt.questions.firm import firm, rests
from perimeter_smt.questions.left_open import LEFT_OPEN, known
from perimeter_smt.questions.mitigations.model import Asking, Line, Mitigation, MitigationStatus, worst
from perimeter_smt.questions.mitigations.roles import Kind, any_of, kinds_of
from perimeter_smt.questions.prepare import prepare
from perimeter_smt.questions.run import Run
from perimeter_smt.questions.unknown_keys import without
from perimeter_smt.questions.untold import with_known_part
from perimeter_smt.questions.verdicts import Assumption, Blame, Counterexample
from perimeter_smt.solve.result import Result
from perimeter_smt.witness.case import case_to_json

ID, TITLE = "C1", "only who is trusted gets credentials of mine"
LIMITS = (
    "who holds the keys of a trusted identity provider or certificate authority gets in: IAM does not see them",
    "long-term access keys of users, once they leak, are held to the network by O5 and not by this question",
    "service-linked roles, of whatever account, are used by AWS alone, as each service documents; no RCP binds them",
    "an issuer of tokens that the table `shared-oidc-issuers` does not know counts as one customer's own",
)


def ask(workspace: Workspace, asking: Asking) -> Mitigation:
    """The answer for all roles of a workspace, and for those that nobody listed."""
    workspace = with_known_part(workspace)
    run, kinds = prepared(workspace, asking)
    question = _Question(run, workspace)
    lines = question.listed(kinds)
    beside = question.unlisted(kinds)
    if beside:  # what holds back every role holds back those that a source names and does not tell
        untold = (u for u in workspace.unknowns if u.affects == "grants" and u.holds in ("", "trust") and u.account)
        lines += (Line(u.name, "unknown", f"not known: {u.reason}") for u in untold)
    lines += beside
    return Mitigation(ID, TITLE, worst(lines), tuple(lines), question.assumptions, LIMITS)


def prepared(workspace: Workspace, asking: Asking) -> tuple[Run, list[Kind]]:
    """The world of the question, and the kinds of roles in it."""
    smaller, kinds = kinds_of(workspace)
    world = build(
        smaller,
        ("sts",),
        free_grants=False,
        objectives=(),
        also_keys=(credentials.EXTERNAL_ID,),
        asked=("C1.premise", "C1.conclusion"),
        also_defined=credentials.definitions,
    )
    return prepare(world, (), asking.reading, False, 1, asking.limits, (), also=(breach(world), any_of(kinds))), kinds


def breach(world: World) -> Formula:
    """Credentials of mine that somebody gets who is not to have them."""
    return both(
        world.formula("access"),
        neg(world.formula("always-allowed")),
        world.formula("C1.premise"),
        neg(world.formula("C1.conclusion")),
    )


class _Question:
    """The question in one world."""

    def __init__(self, run: Run, workspace: Workspace) -> None:
        self.run, self.world, self.workspace = run, run.world, workspace
        self.breach = breach(run.world)
        self.documents = all_documents(workspace, grants_too=True)
        self.assumptions: tuple[Assumption, ...] = ()

    def listed(self, kinds: list[Kind]) -> list[Line]:
        """The rows of listed roles: those that are refuted or depend on something, then the others together."""
        left, out = list(kinds), list[Line]()
        for over in (False,) if self.run.reading == "exact" else (False, True):
            mode = self.run.over if over else self.run.exact
            while left:
                asked = (self.breach, any_of(left), mode)
                result = self.run.ask(*asked)
                if result.status == "unknown":
                    return [*out, Line(_names(left), "unknown", result.reason or "not decided")]
                if result.status == "unsat":
                    break
                kind, line = self._found(asked, result, left, over=over)
                out.append(line)
                left = [other for other in left if other is not kind]
        return [*out, *self._proved(left)] if left else out

    def unlisted(self, kinds: list[Kind]) -> list[Line]:
        """Roles of accounts that are not listed in full, whatever they trust: guardrails alone."""
        departs: tuple[str, ...] = ()
        asked: tuple[Formula, ...] = (self.breach, neg(any_of(kinds)), self.run.exact)
        result = self.run.ask(*asked)
        if result.status == "unsat" and self.run.reading != "exact":
            asked = (*asked[:-1], self.run.over)
            result = self.run.ask(*asked)
            if result.status == "sat":
                result, granted, departs = self.run.tightest(asked, result)
                asked = (*asked, *granted)
        if result.status == "unsat":
            return []
        subject = "roles whose trust policies were not given"
        if result.status == "unknown":
            return [Line(subject, "unknown", result.reason or "not decided")]
        plain = self.run.plain(("sts",), asked, result)
        found = known(lambda: self._shown(plain, departs))
        text = "guardrails alone do not hold them back: what these roles trust decides"
        return [Line(subject, "not-asked", text, None, found)]

    def _found(self, asked: tuple[Formula, ...], result: Result, left: list[Kind], *, over: bool) -> tuple[Kind, Line]:
        """The kind of role that a request is about, and its row."""
        departs: tuple[str, ...] = ()
        if over:
            result, granted, departs = self.run.tightest(asked, result)
            asked = (*asked, *granted)
        try:
            found = self._plain(asked, result, departs)
        except LeftOpenError:
            assert result.model is not None
            kind = next(kind for kind in left if truth(kind.here, result.model))
            if not over:
                return kind, Line(kind.shown, "unknown", LEFT_OPEN)
            return kind, Line(kind.shown, "conditional", f"nobody unexpected gets credentials; {without(departs)}")
        kind = next(kind for kind in left if kind.first.arn == found.request.resource)
        if not over:
            asked = (self.breach, kind.here, self.run.exact)
            found = firm(self.run, asked, found, lambda result, both_ways: self._plain(both_ways, result))
        points = rests(self.run, found)
        status: MitigationStatus = "conditional" if over or points else "refuted"
        text = found.why
        if departs:
            text += f"; only without {', '.join(departs)}"
        elif points:
            text += f"; not under the rival reading of {', '.join(points)}"
        return kind, Line(kind.shown, status, text, _trust(found), found)

    def _plain(self, asked: tuple[Formula, ...], result: Result, departs: tuple[str, ...] = ()) -> Counterexample:
        """The plainest request of a question, replayed."""
        like = "credentials over" if departs else "credentials"
        return self._shown(self.run.plain(("sts",), asked, result, like=like), departs)

    def _shown(self, result: Result, departs: tuple[str, ...] = ()) -> Counterexample:
        """The request, replayed; both readings of the question must agree on it."""
        found = explain.counterexample(self.world, ID, result, "hole", departs=departs)
        if not unexpected(self.workspace, found.request, found.facts, self.documents):
            text = f"the second reading of {ID} does not agree on `{found.request.action} {found.request.resource}`"
            dump = case_to_json(found.case) if found.case else {}
            raise InternalError(text, dump=json.dumps({**dump, "facts": found.facts.model_dump()}, indent=1))
        return replace(found, why=_why(found))

    def _proved(self, left: list[Kind]) -> list[Line]:
        mode = self.run.exact if self.run.reading == "exact" else self.run.over
        result = self.run.ask(self.breach, any_of(left), mode, core=True)
        if result.status != "unsat":
            return [Line(_names(left), "unknown", result.reason or "the proof was not found again")]
        self.assumptions, used = explain.proof(self.world, result.rests_on)
        number = sum(len(kind.roles) for kind in left)
        text = "nobody but my identities and whom perimeter.yaml trusts gets credentials"
        if any(blame.kind in ("scp", "rcp") for blame in used):
            text += ", by guardrails and trust policies together"
        subject = _names(left) if number < 4 else f"{number} roles, of {len(left)} kinds"
        return [Line(subject, "proved", text, next(iter(used), None))]


def _names(kinds: list[Kind]) -> str:
    return ", ".join(kind.shown for kind in kinds[:3]) + (f" and {len(kinds) - 3} other kinds" if kinds[3:] else "")


def _trust(found: Counterexample) -> Blame | None:
    """The statement of the trust policy that lets the request through."""
    return next((blame for blame in found.through if blame.effect == "Allow"), None)


def _why(found: Counterexample) -> str:
    """Who gets credentials, in words."""
    request, facts = found.request, found.facts
    if facts.kind == "fedsts":
        return f"a token of {request.principal.provider} gets credentials, and perimeter.yaml does not trust it to"
    sent = next((v for name, v in request.context.items() if name.lower() == credentials.EXTERNAL_ID), None)
    carried = f"with ExternalId {sent}" if sent else "without ExternalId"
    more = f", {carried}" if facts.kind in ("user", "role", "feduser", "root") else ""
    return f"{explain.who(facts)} gets credentials{more}"
