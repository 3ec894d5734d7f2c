"""Every form of a result by name: functions from the versioned JSON result, and what new findings are, to text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

from perimeter_smt.report.entries import Entry, Result, is_lint
from perimeter_smt.report.json import dumps
from perimeter_smt.report.page import visible


@dataclass(frozen=True, slots=True)
class Shown:
    """A result, which of its findings are shown, and how many a baseline left out (None: no baseline).

    Of the text alone: `details` shows everything, `quiet` the answer only, `command` is what was called.
    """

    result: Result
    found: Sequence[Entry]
    known: int | None = None
    details: bool = False
    quiet: bool = False
    command: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """`suffix` of files of this form, and how it is written."""

    suffix: str
    write: Callable[[Shown], str]


def text(shown: Shown, *, width: int | None = None, color: bool = False, links: Mapping[str, str] | None = None) -> str:
    """The report for people; with a baseline only what is new."""
    if is_lint(shown.result):
        from perimeter_smt.report.baseline import without_known
        from perimeter_smt.report.findings import render

        result = shown.result if shown.known is None else without_known(shown.result, shown.found)
        text = render(result, width=width, color=color, links=links)
        return text.rstrip("\n").rsplit("\n", 1)[-1] + "\n" if shown.quiet else text + _left_out(shown)
    from perimeter_smt.report.read import report_of
    from perimeter_smt.report.text import render as render_report
    from perimeter_smt.report.text import summary

    if shown.quiet:
        return visible(summary(report_of(shown.result))) + "\n"
    if shown.known is None:
        return render_report(
            report_of(shown.result),
            width=width,
            color=color,
            links=links,
            details=shown.details,
            command=shown.command,
        )
    return _new_text(shown, width, color)


def _new_text(shown: Shown, width: int | None, color: bool) -> str:
    from perimeter_smt.report.page import Page
    from perimeter_smt.report.words import plural

    page = Page(width, color=color)
    page.text(f"perimeter of `{shown.result['workspace']}`: {plural(len(shown.found), 'new finding')}", style="bold")
    for entry in shown.found:
        page.blank()
        page.text(f"{entry.file}:{entry.line}: {entry.kind} {entry.message}", hang=2)
    return str(page) + _left_out(shown)


def _left_out(shown: Shown) -> str:
    from perimeter_smt.report.words import plural

    if shown.known is None:
        return ""
    counted = plural(shown.known, "known finding")
    return f"\n{counted} left out by the baseline, which is not to say that they are closed\n"


def _writer(module: str, name: str, *, counted: bool = False) -> Callable[[Shown], str]:
    """The function that writes a form, loaded when it is asked for; `counted` ones are told what a baseline left."""

    def write(shown: Shown) -> str:
        found = getattr(import_module(f"perimeter_smt.report.{module}"), name)
        more = (shown.known or 0,) if counted else ()
        return str(found(shown.result, shown.found, *more))

    return write


FORMS: Mapping[str, Form] = {
    "text": Form("txt", text),
    "json": Form("json", lambda shown: dumps(shown.result) + "\n"),
    "sarif": Form("sarif", _writer("sarif", "sarif")),
    "junit": Form("xml", _writer("junit", "junit", counted=True)),
    "markdown": Form("md", _writer("markdown", "markdown", counted=True)),
    "github": Form("github.txt", _writer("annotations", "github")),
    "gitlab": Form("gitlab.json", _writer("annotations", "gitlab")),
    "html": Form("html", _writer("html", "html", counted=True)),
    "csv": Form("csv", _writer("csv", "csv")),
    "ocsf": Form("ocsf.json", _writer("ocsf", "ocsf")),
}
