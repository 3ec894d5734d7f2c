"""C2: what the question does not see: said in the report, so that no proof is taken for more than it is."""

from __future__ import annotations

from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.mitigations.stack_sets import untold

LIMITS = (
    "which root users have credentials is not in the input",
    "the management account and AWS itself are bound by no guardrail",
    "which role a function, an instance or a stack has, and to whom a managed policy is attached, is not in the input: "
    "paths over them are conditional",
    "services that the tables `escalation-actions` and `pass-role-paths` do not know may run code with a role, too",
    "calls that the table `guardrail-actions` does not know may change what holds the perimeter, too",
    "a new role is followed by its rights; that a guardrail exempts its name only where perimeter.yaml says so",
    "of two who act together one call of the helper is followed: to rewrite a trust policy, extend rights or change a "
    "tag",
)
_DELEGATES = (
    "delegated administrators of AWS Organizations act by its resource policy, which is not among the resources of the "
    "management account"
)
_FORWARDED = (
    "calls of STS that a service makes with the session of its caller are not followed: AWS names no service that "
    "begins a session so (AE5.forwarded), and some policy asks whether a service makes the call"
)
_FORWARDED_KEYS = ("aws:viaawsservice", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast")
_OF_RESOURCES = "who edits the policy of a resource that carries an exempting tag is not asked: it is outside the claim"
_MAKES_WITHOUT = "what is made by calls that take no tags carries none: who makes it is not asked"
_FIELDS = 5  # colons of an ARN
_MOST = 3  # patterns that are named


def limits(workspace: Workspace) -> tuple[str, ...]:
    """What the question does not see in this workspace."""
    organization = workspace.organization
    management = next((a for a, _ in organization.accounts() if a.id == organization.management_account), None)
    told = management is not None and (
        management.listed or any(r.arn.split(":")[2] == "organizations" for r in management.resources)
    )
    bare = any(entry.missing and entry.on == "resource" for entry in workspace.perimeter.tag_exceptions)
    tagged = any(entry.on == "resource" for entry in workspace.perimeter.tag_exceptions)
    return (
        *LIMITS,
        *(() if told else (_DELEGATES,)),
        *untold(organization),
        *((_FORWARDED,) if _asks_for_services(workspace) else ()),
        *((_MAKES_WITHOUT,) if bare else ()),
        *((_OF_RESOURCES,) if tagged else ()),
        *_by_name(workspace),
    )


def _asks_for_services(workspace: Workspace) -> bool:
    """Whether a policy tells calls that a service carries on from others."""
    documents = workspace.organization.documents()
    return any(c.key.lower() in _FORWARDED_KEYS for d in documents for s in d.statements for c in s.conditions)


def _by_name(workspace: Workspace) -> tuple[str, ...]:
    """Resources that perimeter.yaml trusts or opens by their name: whoever makes one of that name has it."""
    perimeter = workspace.perimeter
    mine = [a for e in perimeter.third_principals if not e.provider for a in e.resources if not _any_resource(a)]
    theirs = [a for e in (*perimeter.third_resources, *perimeter.service_resources) if e.account is None
              for a in e.arns if not _any_resource(a) and not _tells_account(a)]  # fmt: skip
    out = []
    if mine:
        named = _some(mine)
        out.append(
            f"who makes a resource of a name that `third_principals` opens ({named}), or writes to it, is not asked"
        )
    if theirs:
        named = _some(theirs)
        out.append(f"whose the resources are that are trusted by name alone ({named}) is not in the input: an ARN that "
                   "tells no account is whoever's has the name once it is free")  # fmt: skip
    return tuple(out)


def _any_resource(pattern: str) -> bool:
    return pattern.strip("*") == "" or (pattern.count(":") >= _FIELDS and pattern.split(":", 5)[5].strip("*") == "")


def _tells_account(pattern: str) -> bool:
    return pattern.count(":") >= _FIELDS and pattern.split(":")[4].isdigit()


def _some(patterns: list[str]) -> str:
    patterns = list(dict.fromkeys(patterns))
    return ", ".join(patterns[:_MOST]) + (f" and {len(patterns) - _MOST} more" if patterns[_MOST:] else "")
