"""E1: my identities call only my Regions, and what leaves my network beside endpoints is told (docs/mitigations.md).

Endpoint policies, and with them O2 and O4, see nothing of calls that use no endpoint: those to other Regions, and those
that a proxy or a NAT gateway carries out.
"""

from __future__ import annotations

from perimeter_smt.evaluate.configured import elsewhere_region, others_at_my_address
from perimeter_smt.logic.formula import both
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.mitigations import worlds
from perimeter_smt.questions.mitigations.asked import SCP_LIMITS, excepted
from perimeter_smt.questions.mitigations.model import Asking, Line, Mitigation, answered
from perimeter_smt.questions.mitigations.plain import Told, line, shown
from perimeter_smt.questions.verdicts import Assumption
from perimeter_smt.request.keys import support_list

ID, TITLE = "E1", "my identities call only my Regions, and nothing leaves unseen"
LIMITS = (
    *SCP_LIMITS,
    "what a service does in other Regions when told to, such as replicas: the call that says so is made in its own",
    "which routes, gateways and proxies there are is not part of the input: `egress` is taken as given",
)


def ask(workspace: Workspace, asking: Asking) -> Mitigation:
    """The Region guardrail, the traffic that O2 and O4 do not see, and others at addresses of mine."""
    encoded = worlds.scopes(workspace, asking)
    assumed: dict[str, Assumption] = {}
    lines = [_guardrail(workspace, encoded, assumed), _unseen(workspace, assumed)]
    lines += [_cross_region(workspace, encoded, lines[0]), *_others(workspace, encoded)]
    return answered(ID, TITLE, lines, assumed.values(), (*LIMITS, *excepted(workspace, ID)))


def _guardrail(workspace: Workspace, encoded: worlds.Encoded, assumed: dict[str, Assumption]) -> Line:
    subject = "Region guardrail"
    regions = workspace.perimeter.regions
    if not regions:
        return Line(subject, "not-asked", "perimeter.yaml names no `regions`")
    told = Told(
        subject,
        f"calls to Regions other than {', '.join(regions)} are denied, but of services with one control plane",
        "a call to another Region gets through",
        about=("aws:requestedregion",),
    )
    breach, issue = worlds.breach(encoded.world, ID, ID), worlds.at_issue(encoded.world, ID, ID)
    found, used = line(
        encoded, breach, issue, told, lambda request, facts, _: elsewhere_region(workspace, request, facts)
    )
    assumed |= {assumption.name: assumption for assumption in used}
    return found


def _unseen(workspace: Workspace, assumed: dict[str, Assumption]) -> Line:
    """What leaves my network beside endpoints: O2 and O4 are statements on endpoint policies."""
    subject = "traffic of my network that O2 and O4 do not see"
    perimeter = workspace.perimeter
    match perimeter.egress:
        case "blocked":
            text = "nothing leaves my network beside endpoints"
            assumed["egress"] = Assumption("egress", f"{text}, as given", "perimeter.yaml")
            return Line(subject, "proved", f"none: {text}, as perimeter.yaml says")
        case "proxy":
            at = f" ({', '.join(perimeter.proxies)})" if perimeter.proxies else ""
            text = f"what the proxies{at} let out, endpoint policies do not see: the proxies decide who calls what"
            return Line(subject, "not-guardable", text)
        case "open":
            text = "whatever leaves by internet or NAT gateways, to AWS as well, no endpoint policy sees"
            return Line(subject, "not-guardable", text)
    return Line(subject, "not-asked", "perimeter.yaml does not say `egress`: blocked, proxy or open")


def _cross_region(workspace: Workspace, encoded: worlds.Encoded, guardrail: Line) -> Line:
    """Calls from my network to endpoints of AWS in other Regions."""
    subject = "calls from my network to other Regions"
    carried = sorted(set(encoded.world.calls.services) & support_list("cross-region-endpoints"))
    served = f"; endpoints carry cross-Region calls of {', '.join(carried)}" if carried else ""
    if workspace.perimeter.egress == "blocked":
        return Line(subject, "proved", f"none leave beside endpoints, as perimeter.yaml says{served}")
    if guardrail.status == "proved":
        text = f"those of my identities are denied by the Region guardrail; those of others are not seen{served}"
        return Line(subject, "not-guardable", text, guardrail.statement)
    return Line(subject, "not-guardable", f"they pass by the endpoints and their policies{served}")


def _others(workspace: Workspace, encoded: worlds.Encoded) -> list[Line]:
    """Identities of others behind a NAT gateway or proxy of mine: resources of others, by an address of mine."""
    perimeter = workspace.perimeter
    if perimeter.egress == "blocked" or not (perimeter.cidrs or perimeter.proxies):
        return []
    world = encoded.world
    asked = (both(world.formula("access"), world.formula("E1.others")), encoded.run.exact)
    first = encoded.run.ask(*asked)
    if first.status != "sat":
        return []
    found = shown(encoded, asked, first, lambda request, facts, _: others_at_my_address(workspace, request, facts))
    text = "by an address of mine, identities of others call resources of others: no policy of mine is asked"
    return [Line("others behind my addresses", "not-guardable", text, None, found)]
