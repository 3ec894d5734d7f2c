"""A plan or state as a draft."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers.draft import Draft, Place, sizes
from perimeter_smt.organization.readers.terraform import (
    changes,
    iam,
    organizations,
    permission_sets,
    resources,
    shares,
    stacks,
)
from perimeter_smt.organization.readers.terraform.identity import here
from perimeter_smt.organization.readers.terraform.plan import read_plan

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.sources import SourceOptions


def read(path: Path, draft: Draft, options: SourceOptions) -> None:
    """Read a file, or every plan and state of a folder."""
    from perimeter_smt.organization.readers.answer_files import JSON_FILES, files
    from perimeter_smt.organization.readers.recognise import Form, form_of, read_bytes

    for file in (f for f in files(path) if f == path or f.suffix.lower() in JSON_FILES):
        try:
            value = orjson.loads(read_bytes(file))
        except orjson.JSONDecodeError as error:
            raise InputError(f"not JSON: {str(error).partition(':')[0]}", file=str(file)) from None
        if form_of(value) is not Form.TERRAFORM:
            continue
        at = Place(str(file))
        try:
            _plan(value, at, draft, options)
        except (TypeError, KeyError, AttributeError, ValueError):
            raise InputError("a plan or state of another form than Terraform writes", file=str(file)) from None
    sizes.check(draft)


def _plan(value: dict[str, Any], at: Place, draft: Draft, options: SourceOptions) -> None:
    plan = read_plan(value, at)
    draft.tells_before |= plan.changes
    for name, reason, where in plan.left_out:
        draft.unknown(name, reason, "facts", where)
    place = here(plan, draft, options, at)
    organizations.read(place)
    iam.read(place)
    stacks.read(place)
    resources.read(place)
    shares.read(place)
    permission_sets.read(place)
    changes.read(place)
