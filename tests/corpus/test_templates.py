"""Published CloudFormation templates: all of them are read, whatever is wrong or open in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from perimeter_smt.organization.readers import SourceOptions, read_source

SHARED = Path(os.environ.get("PERIMETER_SHARED", Path(__file__).resolve().parents[3] / "shared"))
FOLDER = SHARED / "corpus" / "cloudformation"
TEMPLATES = sorted(path for path in FOLDER.rglob("*") if path.suffix in (".yaml", ".yml", ".json"))


@pytest.mark.skipif(not TEMPLATES, reason="no corpus of templates beside the repository")
@pytest.mark.parametrize("template", TEMPLATES, ids=[path.name for path in TEMPLATES])
def test_every_template_is_read(template):
    options = SourceOptions(organization_id="o-acme0000001", account="111122223333", region="eu-west-1")
    found = read_source(template, options)
    assert list(found.organization.accounts()) or found.unknowns
