"""The page: a template, a style and a script, put together with a policy that allows just these."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

from perimeter_smt import __version__
from perimeter_smt.report.entries import Entry, Result, is_lint
from perimeter_smt.report.html.view import lint_view, view
from perimeter_smt.report.page import visible

if TYPE_CHECKING:
    from markupsafe import Markup

# Marks that turn the direction of text around it: what a policy is named must not rearrange a page.
_DIRECTION = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C])


def html(result: Result, found: Sequence[Entry] = (), known: int = 0) -> str:
    """The report as one HTML document; `found` are the findings shown and `known` how many a baseline left out."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    folder = files("perimeter_smt.report.html")
    style, script = (folder.joinpath(name).read_text("utf-8") for name in ("style.css", "script.js"))
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
                              finalize=_text)  # fmt: skip
    environment.filters["breaks"] = _breaks
    kind = "lint" if is_lint(result) else "prove"
    page = environment.from_string(folder.joinpath(f"{kind}.html").read_text("utf-8"))
    body = page.render(view=lint_view(result, found) if kind == "lint" else view(result), known=known,
                       version=__version__)  # fmt: skip
    shell = environment.from_string(folder.joinpath("shell.html").read_text("utf-8"))
    title = f"perimeter lint: {result['policies']} policies" if kind == "lint" else result["workspace"]
    return shell.render(
        title=title,
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; "
        "form-action 'none'",
        style=Markup(style),
        script=Markup(script),
        body=Markup(body),
    )


def _text(value: object) -> object | Markup:
    """Names from the input on one line, with characters that steer a reader spelled out."""
    if type(value) is not str:
        return value
    lines = value.split("\n") if "\n" in value else [value]
    return "\n".join(visible(line.translate({c: f"\\u{c:04x}" for c in _DIRECTION})) for line in lines)


def _breaks(text: str) -> Markup:
    """An ARN that may break where its parts end."""
    from markupsafe import Markup, escape

    shown = str(escape(str(_text(text))))
    return Markup(re.sub(r"(?<=[:/])(?=[^:/])", "<wbr>", shown))


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
