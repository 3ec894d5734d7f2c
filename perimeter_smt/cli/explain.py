"""`perimeter explain`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from perimeter_smt.cli import output
from perimeter_smt.cli.evaluate import filled_from
from perimeter_smt.cli.options import PATH, fill, set_option, text_options
from perimeter_smt.cli.source_options import identity_flags, source_flags
from perimeter_smt.errors import InputError

if TYPE_CHECKING:
    from perimeter_smt.questions.requests.filled import Filler
    from perimeter_smt.questions.requests.told import Told
    from perimeter_smt.questions.requests.why import Explanation

_LARGEST = 64_000_000


@click.command()
@click.argument("request")
@click.option("--workspace", type=PATH, metavar="SOURCE", help="Whose policies decide.")
@source_flags
@identity_flags
@set_option
@text_options
def explain(
    request: str, workspace: Path | None, settings: tuple[str, ...], as_json: bool, no_color: bool, **options: Any
) -> int:
    """Say why a REQUEST is allowed or denied, and what would change that.

    REQUEST is a file, `-`, or the text itself: a case, an access denied message or a CloudTrail event. Exit codes: 0
    explained, 2 bad input, 3 not decided.
    """
    text, name = _text(request)
    filler = filled_from(workspace, fill(settings), options)
    value = _decoded(text)
    if (message := _wrapped(value)) is not None:
        text, value = message, None
    if value is None:
        found = [_of_message(text, name, filler)]
    elif events := _events(value):
        found = _of_events(events, name, filler)
    else:
        return _cases(text, name, filler, as_json=as_json, no_color=no_color)
    from perimeter_smt.report.json import dumps
    from perimeter_smt.report.reasons import render_told, told_json

    for told in found:
        if as_json:
            output.emit(dumps(told_json(told)))
        else:
            output.emit(render_told(told, width=output.width(), color=output.colors(sys.stdout, no_color=no_color)))
    return 3 if any(told.outcome == "depends" for told in found) else 0


def _cases(text: str, name: str, filler: Filler | None, *, as_json: bool, no_color: bool) -> int:
    import io

    from perimeter_smt.cli.cases import read_values
    from perimeter_smt.cli.evaluate import case_of
    from perimeter_smt.questions.requests.why import explain_case
    from perimeter_smt.report.json import dumps
    from perimeter_smt.report.reasons import explanation_json, render_explanation

    explained, open_ones = 0, 0
    for value in read_values(io.BytesIO(text.encode()), name):
        explained += 1
        case = case_of(value, name, filler)
        found: Explanation = explain_case(case, rivals=case.readings)
        assumed = filler.assumed(found.case) if filler is not None else ()
        filled = filler is not None and isinstance(value.value, dict) and "policies" not in value.value
        if filled and filler is not None and filler.stopping and found.decision.allowed:
            open_ones += 1
        if as_json:
            output.emit(dumps(explanation_json(found, assumed)))
            continue
        color = output.colors(sys.stdout, no_color=no_color)
        output.emit(
            ("" if explained == 1 else "\n") + render_explanation(found, assumed, width=output.width(), color=color)
        )
    if not explained:
        raise InputError("there is no case in it, expected at least one", file=name)
    return 3 if open_ones else 0


def _of_message(text: str, name: str, filler: Filler | None) -> Told:
    from perimeter_smt.questions.requests.told import explain_message
    from perimeter_smt.request.denied_message import is_message, read_message

    if not is_message(text):
        raise InputError("neither a case, nor an access denied message, nor a CloudTrail event", file=name)
    message = read_message(text)
    return explain_message(message, _needed(filler).workspace)


def _of_events(events: list[dict[str, Any]], name: str, filler: Filler | None) -> list[Told]:
    """Every event; those that ask nothing of IAM are named, and refused where there is no other."""
    from perimeter_smt.questions.replay.calls import NotACall
    from perimeter_smt.questions.requests.told import explain_event

    out: list[Told] = []
    for number, event in enumerate(events, 1):
        try:
            out.extend(explain_event(event, _needed(filler).workspace))
        except NotACall as reason:
            called = f"`{event.get('eventSource')}:{event.get('eventName')}`"
            which = f"event {called}" if len(events) == 1 else f"event {number} of {len(events)}, {called},"
            error = InputError(f"{which} cannot be mapped to a request: {reason}", file=name)
            if number == len(events) and not out:
                raise error from None
            output.remark(str(error))
    return out


def _needed(filler: Filler | None) -> Filler:
    if filler is None:
        raise InputError("a message or an event holds no policies, expected `--workspace`")
    return filler


def _text(request: str) -> tuple[str, str]:
    """The text of the argument and what to call it: a file, standard input, or the argument itself."""
    if request == "-":
        return sys.stdin.read(_LARGEST), "standard input"
    path = Path(request)
    try:
        is_file = path.is_file()
    except (OSError, ValueError):
        is_file = False
    if is_file:
        from perimeter_smt.files import read_text

        return read_text(path, _LARGEST, "a case, a message or an event"), request
    if request.lstrip().startswith(("{", "[")) or " " in request.strip():
        return request, "the request"
    raise InputError(
        "no such file, and no message, expected a case, an access denied message or a CloudTrail event", file=request
    )


def _decoded(text: str) -> Any:
    import json

    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # numbers of thousands of digits and deep nesting, too
        return {}  # the reader of cases says what is wrong


def _events(value: Any) -> list[dict[str, Any]]:
    """The events of a pasted log, however they are wrapped; none in a case or a message."""
    from perimeter_smt.questions.replay.records import events_in

    return events_in(value)


def _wrapped(value: Any) -> str | None:
    """The message in the body of an answer, such as `{"Message": "User: ... is not authorized ..."}`."""
    from perimeter_smt.request.denied_message import is_message

    if not isinstance(value, Mapping) or "eventSource" in value:
        return None
    found = (text for name, text in value.items() if str(name).lower() in ("message", "errormessage"))
    return next((text for text in found if isinstance(text, str) and is_message(text) and text[:1] != "{"), None)
