"""Results as JUnit XML: a suite per objective with a test case per service, or per policy file for lint.

A hole or limit is a failure, what was not decided an error: nothing that is open looks green.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from perimeter_smt.report.entries import Entry, Result, is_lint
from perimeter_smt.report.page import visible

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FAILURES = ("refuted", "conditional")


def junit(result: Result, found: Sequence[Entry], known: int = 0) -> str:
    """The report as XML text; `known`: how many findings a baseline left out."""
    root = Element(
        "testsuites", name="perimeter lint" if is_lint(result) else f"perimeter {_text(result['workspace'])}"
    )
    if is_lint(result):
        _lint(root, result, found)
    else:
        _prove(root, result, found, known)
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _prove(root: Element, result: Result, found: Sequence[Entry], known: int) -> None:
    verdicts = [*result["verdicts"], *result["availability"]]
    for objective in dict.fromkeys(verdict["objective"] for verdict in verdicts):
        own = [verdict for verdict in verdicts if verdict["objective"] == objective]
        suite = SubElement(root, "testsuite", name=_text(f"{objective} {own[0]['title']}"))
        for verdict in own:
            messages = [
                entry.message
                for entry in found
                if entry.rule == objective and entry.services == tuple(verdict["services"])
            ]
            for service in verdict["services"] or ["all services"]:
                case = SubElement(suite, "testcase", name=_text(service), classname=_text(f"perimeter.{objective}"))
                _status(case, verdict, messages, known)
        _count(suite)
    _mitigations(root, result, found, known)


def _mitigations(root: Element, result: Result, found: Sequence[Entry], known: int) -> None:
    """A suite per mitigation with a test case per row; what is not demanded by name fails nothing: it is skipped."""
    for one in result["mitigations"]:
        suite = SubElement(root, "testsuite", name=_text(f"{one['id']} {one['title']}"))
        for line in one["lines"]:
            case = SubElement(suite, "testcase", name=_text(line["subject"]), classname=f"perimeter.{one['id']}")
            if line["status"] in ("not-asked", "not-guardable", "listed"):
                SubElement(case, "skipped", message=_text(line["text"]))
            elif line["status"] != "proved" and one["id"] not in result["demanded"]:
                SubElement(case, "skipped", message=_text(f"{line['status']}, not demanded: {line['text']}"))
            else:
                about = f": {line['subject']}: {line['text']}"
                messages = [entry.message for entry in found if entry.rule == one["id"] and about in entry.message]
                _status(case, {"status": line["status"], "reason": line["text"]}, messages, known)
        _count(suite)


def _status(case: Element, verdict: Result, messages: list[str], known: int) -> None:
    status = verdict["status"]
    if status == "proved":
        return
    if known and not messages and status in _FAILURES:
        SubElement(case, "skipped", message=f"{status}, known from the baseline")
        return
    message = _text(messages[0] if messages else verdict["reason"] or status)
    part = SubElement(case, "failure" if status in _FAILURES else "error", type=status, message=message)
    part.text = _text("\n".join(messages), lines=True)


def _lint(root: Element, result: Result, found: Sequence[Entry]) -> None:
    suite = SubElement(root, "testsuite", name="policies")
    for row in result["kinds"]:
        case = SubElement(suite, "testcase", name=_text(row["file"]), classname=f"lint.{row['kind']}")
        own = [entry for entry in found if entry.file == row["file"]]
        if own:
            first = _text(f"{own[0].rule} {own[0].message}")
            part = SubElement(case, "failure", type=own[0].level, message=first)
            part.text = _text("\n".join(f"{e.file}:{e.line}: {e.rule} {e.message}" for e in own), lines=True)
    _count(suite)


def _count(suite: Element) -> None:
    suite.set("tests", str(len(suite)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in suite)))


def _text(text: str, *, lines: bool = False) -> str:
    """Text that XML can hold, on one line unless `lines`; what it cannot hold is spelled out."""
    shown = "\n".join(visible(line) for line in text.split("\n")) if lines else visible(text)
    return _NO_XML.sub(lambda found: f"\\u{ord(found.group()):04x}", shown)
