"""N2: credentials of mine are of no use elsewhere (docs/mitigations.md).

Sessions of instances away from their VPC, URLs that identities of mine signed, downloads without a signature, calls
that hand out something which works by itself, and signing in to the console.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from perimeter_smt.evaluate.configured import used_elsewhere
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.mitigations import worlds
from perimeter_smt.questions.mitigations.asked import SCP_LIMITS, Agrees, Asked, Obligation, excepted
from perimeter_smt.questions.mitigations.model import Asking, Line, Mitigation, MitigationStatus, answered
from perimeter_smt.questions.mitigations.of_tables import obligations
from perimeter_smt.questions.mitigations.plain import Told, line
from perimeter_smt.questions.verdicts import Assumption

ID, TITLE = "N2", "credentials of mine are of no use elsewhere"
LIMITS = (
    *SCP_LIMITS,
    "RCPs do not bind the management account, and not the services that they do not support (downloads)",
    "roles that an instance takes in its turn (sts:AssumeRole), and sessions of default host management "
    "(ssm:SourceInstanceArn), do not carry the keys of the instance",
    "calls of other services than S3 signed in the query carry no key that tells: O5 holds them to my network",
    "sessions of Lambda functions and containers do not tell where they were delivered to: O5 holds them to my network",
    "an instance that calls by another address than its primary one, as pods do, is not told from others",
    "a URL works until it ends, for whoever holds it inside my network",
    "tokens of OAuth clients (`signin:CreateOAuth2Token`) are handed out after signing in, outside AWS",
    "calls that the table `portable-credentials` does not know may hand out URLs or tokens, too",
)
Row = Mapping[str, Any]
_NETWORK = ("aws:sourceip", "aws:sourcevp", "aws:vpc")
_SCOPED = {
    "network": Told(
        "sessions of EC2 instances, outside my network",
        "calls from outside my network are denied",
        "a session that EC2 delivered works outside my network",
        about=_NETWORK,
    ),
    "instance": Told(
        "sessions of EC2 instances, away from the VPC of their instance",
        "calls from elsewhere than the VPC of the instance are denied",
        "a session that EC2 delivered works away from its instance; aws:Ec2InstanceSourceVpc, compared with "
        "aws:SourceVpc, would hold it",
        about=("aws:ec2instancesourcevpc",),
    ),
    "address": Told(
        "sessions of EC2 instances, by another address of their VPC",
        "calls from another address than that of the instance are denied",
        "a session that EC2 delivered works from any address of its VPC; aws:Ec2InstanceSourcePrivateIPv4, compared "
        "with aws:VpcSourceIp, would hold it",
        about=("aws:ec2instancesourceprivateipv4",),
    ),
    "presigned": Told(
        "presigned URLs, outside my network",
        "a URL that an identity of mine signed does not work outside my network",
        "a URL that an identity of mine signed works outside my network; s3:authType or the network keys would hold it",
        about=("s3:authtype", *_NETWORK),
    ),
    "forms": Told(
        "signed upload forms, outside my network",
        "a form that an identity of mine signed does not work outside my network",
        "a form (`POST`) that an identity of mine signed uploads from outside my network; s3:authType or the network "
        "keys would hold it",
        about=("s3:authtype", *_NETWORK),
    ),
    "unsigned": Told(
        "downloads without a signature",
        "anonymous callers are denied on my resources, whatever is granted",
        "an anonymous caller gets through where a resource policy lets it",
        about=("aws:principal",),
        enforced_by="rcp",
    ),
}
_OPEN: dict[str, tuple[MitigationStatus, str]] = {
    "url": ("refuted", "the service signs the URL: it works anywhere, and no guardrail of mine sees its use"),
    "token": ("refuted", "what is handed out works elsewhere until it ends; only denying the call holds it"),
}


def ask(workspace: Workspace, asking: Asking) -> Mitigation:
    """A line for each way in which credentials of mine, or what they hand out, work elsewhere."""
    assumed: dict[str, Assumption] = {}
    encoded = worlds.scopes(workspace, asking)
    lines = []
    for name, told in _SCOPED.items():
        if name in ("presigned", "forms") and "s3" not in encoded.world.calls.services:
            continue
        lines.append(_scoped(workspace, encoded, name, told, assumed))
    lines += _handed_out(workspace, asking, assumed)
    return answered(ID, TITLE, lines, assumed.values(), (*LIMITS, *excepted(workspace, ID)))


def _scoped(
    workspace: Workspace, encoded: worlds.Encoded, name: str, told: Told, assumed: dict[str, Assumption]
) -> Line:
    premise = f"{ID}.{name}"
    breach, issue = worlds.breach(encoded.world, premise, ID), worlds.at_issue(encoded.world, premise, ID)
    found, used = line(
        encoded, breach, issue, told, lambda request, facts, _: used_elsewhere(workspace, request, facts, name)
    )
    assumed |= {assumption.name: assumption for assumption in used if assumption.name not in assumed}
    return found


def _handed_out(workspace: Workspace, asking: Asking, assumed: dict[str, Assumption]) -> list[Line]:
    encoded = worlds.tables(workspace, asking)

    def agrees(_: Row) -> Agrees:
        return lambda request, facts, _departs: used_elsewhere(workspace, request, facts, "handed-out")

    question = Asked(encoded)
    rows: list[Obligation] = obligations(
        encoded, workspace, ID, f"{ID}.handed-out", lambda row: _OPEN[row["kind"]], agrees
    )
    lines = question.lines(rows) if rows else []
    assumed |= {assumption.name: assumption for assumption in question.stated if assumption.name not in assumed}
    return [*lines, _sign_in(workspace, encoded)]


def _sign_in(workspace: Workspace, encoded: worlds.Encoded) -> Line:
    told = Told(
        "signing in to the console, outside my network",
        "denied once console authorization is enabled",
        "anybody may sign in to accounts of mine from anywhere; an RCP on signin:Authenticate with the network keys "
        "would hold it, once console authorization is enabled",
        about=_NETWORK,
        enforced_by="rcp",
    )
    premise = f"{ID}.sign-in"
    breach, issue = worlds.breach(encoded.world, premise, ID), worlds.at_issue(encoded.world, premise, ID)
    return line(
        encoded, breach, issue, told, lambda request, facts, _: used_elsewhere(workspace, request, facts, "sign-in")
    )[0]
