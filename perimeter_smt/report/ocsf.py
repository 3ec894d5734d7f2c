"""Results as OCSF compliance findings (class 2003 of the Open Cybersecurity Schema Framework), for data lakes.

A finding per proved objective (pass) and per thing that is not: the hole, the blocked call, the lint finding. The
models of `py-ocsf-models` (extra `ocsf`) say what the schema asks for.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from perimeter_smt import __version__
from perimeter_smt.errors import InputError
from perimeter_smt.report.entries import Entry, Result, is_lint, who
from perimeter_smt.report.page import visible

if TYPE_CHECKING:
    from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

STANDARD = "AWS data perimeter"
_SEVERITIES = {"error": "High", "warning": "Medium", "note": "Low"}


def ocsf(result: Result, found: Sequence[Entry]) -> str:
    """The findings as a JSON array; InputError where the extra `ocsf` is not installed."""
    now = _time()
    passed = [] if is_lint(result) else list(_passed(result, now))
    events = [*passed, *(_finding(result, entry, now) for entry in found)]
    shown = [event.model_dump(mode="json", exclude_none=True) for event in events]
    return json.dumps(shown, indent=1, sort_keys=True) + "\n"


def _time() -> int:
    """Milliseconds since 1970: OCSF asks for the time of a finding. `SOURCE_DATE_EPOCH` (seconds) makes it the same."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    if fixed is None:
        return int(time.time() * 1000)
    if not fixed.isdigit():
        raise InputError(f"`{fixed}` is no number of seconds since 1970", path="SOURCE_DATE_EPOCH")
    return int(fixed) * 1000


def _passed(result: Result, now: int) -> Iterator[ComplianceFinding]:
    for verdict in (*result["verdicts"], *result["availability"]):
        if verdict["status"] == "proved":
            uid = "/".join((verdict["objective"], *verdict["services"]))
            yield _event(
                now, uid, verdict["objective"], verdict["title"], "proved", "Pass", "Informational",
                services=verdict["services"], workspace=result["workspace"],
            )  # fmt: skip


def _finding(result: Result, entry: Entry, now: int) -> ComplianceFinding:
    resource, evidence = None, None
    if entry.request is not None:
        resource = entry.request["resource"]
        evidence = {"request": entry.request, "caller": who(entry.request)}
    outcome = "Fail" if entry.level == "error" else "Warning"
    return _event(
        now, entry.fingerprint, entry.rule, entry.title, entry.message, outcome, _SEVERITIES[entry.level],
        services=entry.services, workspace=result.get("workspace", entry.file), resource=resource, evidence=evidence,
        place={"file": entry.file, "line": entry.line, "kind": entry.kind},
    )  # fmt: skip


def _event(
    now: int,
    uid: str,
    control: str,
    title: str,
    message: str,
    outcome: str,
    severity: str,
    *,
    services: Sequence[str],
    workspace: str,
    resource: str | None = None,
    evidence: dict[str, Any] | None = None,
    place: dict[str, Any] | None = None,
) -> ComplianceFinding:
    try:
        from py_ocsf_models.events.findings.activity_id import ActivityID
        from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
        from py_ocsf_models.events.findings.compliance_finding_type_id import ComplianceFindingTypeID
        from py_ocsf_models.events.findings.severity_id import SeverityID
        from py_ocsf_models.events.findings.status_id import StatusID
        from py_ocsf_models.objects.compliance import Compliance
        from py_ocsf_models.objects.compliance_status import StatusID as Outcome
        from py_ocsf_models.objects.evidence_artifacts import EvidenceArtifacts
        from py_ocsf_models.objects.finding_info import FindingInformation
        from py_ocsf_models.objects.metadata import Metadata
        from py_ocsf_models.objects.product import Product
        from py_ocsf_models.objects.resource_details import ResourceDetails
    except ImportError:
        raise InputError("`ocsf` needs the extra of that name: `pip install 'perimeter-smt[ocsf]'`") from None
    status = StatusID.Resolved if outcome == "Pass" else StatusID.New
    details = {"name": resource or workspace, "uid": resource or workspace, "labels": list(services) or None}
    return ComplianceFinding(
        activity_id=ActivityID.Create,
        activity_name=ActivityID.Create.name,
        class_name="Compliance Finding",
        compliance=Compliance(control=control, desc=visible(title), standards=[STANDARD], status_id=Outcome[outcome]),
        evidences=[EvidenceArtifacts(data=evidence)] if evidence else None,
        finding_info=FindingInformation(title=visible(f"{control} {title}"), uid=uid, desc=visible(message)),
        message=visible(message),
        metadata=Metadata(product=Product(name="perimeter-smt", vendor_name="perimeter-smt", version=__version__)),
        resources=[ResourceDetails(**{key: value for key, value in details.items() if value is not None})],
        severity_id=SeverityID[severity],
        severity=severity,
        status_id=status,
        status=status.name,
        time=now,
        type_uid=ComplianceFindingTypeID.Create,
        type_name=f"Compliance Finding: {ComplianceFindingTypeID.Create.name}",
        unmapped=place,
    )
