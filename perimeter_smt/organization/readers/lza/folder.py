"""The files of a configuration, and what fills their placeholders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers.draft import NotKnown
from perimeter_smt.organization.readers.yaml import Node, read_yaml
from perimeter_smt.request.partitions import partition_of_region

# `${aws:PrincipalTag/x}` is a policy variable; names without a colon, and look-ups, are for the accelerator.
_OPEN = re.compile(r"\$\{(?:[A-Za-z0-9_-]+|ACCEL_LOOKUP::[^}]*)\}|\{\{\s*[A-Za-z0-9_-]+\s*\}\}")


class Folder:
    """A configuration folder. `values` fill `${NAME}` and `{{ NAME }}`."""

    def __init__(self, path: Path, given: Mapping[str, str]) -> None:
        self.path = path
        self.values = {**_own(path), **_replacements(path), **given}

    def yaml(self, name: str) -> Any:
        """A file as plain objects, filled; empty if it is not there."""
        file = self.path / name
        return self._filled(plain(read_yaml(file))) if file.is_file() else {}

    def policy(self, name: str) -> object:
        """The text of a policy file, filled; NotKnown while a placeholder is open or the file is missing."""
        file = self.path / name
        if not file.resolve().is_relative_to(self.path.resolve()) or not file.is_file():
            return NotKnown(f"no file `{name}` in the configuration")
        try:
            text = self._text(file.read_text("utf-8-sig"))
        except (OSError, UnicodeDecodeError):
            raise InputError("cannot be read as text", file=str(file)) from None
        if left := _OPEN.search(text):
            name = left.group().strip("${} ")
            return NotKnown(f"`{left.group()}` is not filled: say `--set {name}=VALUE`")
        return text

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        def put(found: re.Match[str]) -> str:
            name = found.group().strip("${} ")
            return self.values.get(name, self.values.get(found.group(), found.group()))

        return _OPEN.sub(put, text)


def _own(path: Path) -> dict[str, str]:
    """What the accelerator fills in by itself and `global-config.yaml` tells."""
    file = path / "global-config.yaml"
    found = plain(read_yaml(file)) if file.is_file() else {}
    region, role = (str((found or {}).get(name) or "") for name in ("homeRegion", "managementAccountAccessRole"))
    region = region.lstrip("&").split(" ")[-1]  # an anchor may stand before it
    out = {
        "HOME_REGION": region,
        "MANAGEMENT_ACCOUNT_ACCESS_ROLE": role,
        "PARTITION": partition_of_region(region) or "",
    }
    return {name: value for name, value in out.items() if value}


def _replacements(path: Path) -> dict[str, str]:
    """`globalReplacements` whose value stands in the file; how a list is put into a text is not known."""
    file = path / "replacements-config.yaml"
    found = plain(read_yaml(file)) if file.is_file() else {}
    listed = (found or {}).get("globalReplacements") or ()
    return {r["key"]: str(r["value"]) for r in listed if r.get("value") and not isinstance(r["value"], list | dict)}


def plain(node: Node) -> Any:
    """A YAML node as plain objects; scalars stay texts."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return None if node.is_null else node.value
