"""Policy files of a workspace: named relative to it, inside it, read once each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from perimeter_smt.errors import InputError, did_you_mean
from perimeter_smt.organization.readers.fields import text
from perimeter_smt.organization.readers.values import any_text
from perimeter_smt.organization.readers.yaml import Node
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import load_policy
from perimeter_smt.request.variables import refuse_unset

_BY_AWS = ("FullAWSAccess", "RCPFullAWSAccess")  # attached by name, without a file


class PolicyFiles:
    """Reads the policies that YAML nodes name. A file attached in several places is one and the same document."""

    def __init__(self, folder: Path, fill: Mapping[str, str]) -> None:
        self._folder, self._fill = folder, fill
        self._inside = folder.resolve()
        self._read: dict[tuple[str, Kind], Document] = {}
        self._wrong: dict[tuple[str, Kind], InputError] = {}

    def load(self, node: Node, kind: Kind) -> Document:
        """The policy; InputError at the naming line if the file is missing or lies outside the workspace."""
        name = text(node, any_text)
        if (name, kind) in self._wrong:  # told already, and once is enough
            raise self._wrong[name, kind]
        if (name, kind) not in self._read:
            self._read[name, kind] = self._loaded(node, name, kind)
        return self._read[name, kind]

    def _loaded(self, node: Node, name: str, kind: Kind) -> Document:
        path = self._path(node, name)
        try:
            return refuse_unset(load_policy(path, kind, self._fill))
        except InputError as error:
            self._wrong[name, kind] = error
            raise

    def _path(self, node: Node, name: str) -> Path:
        relative = PurePosixPath(name)
        if relative.is_absolute() or "\\" in name or ":" in name:
            raise node.error(
                f"policy {quoted(name)} is no path inside the workspace, expected one such as `scp/base.json`"
            )
        path = self._folder / relative
        try:
            real = path.resolve()
            inside, is_file, exists = real.is_relative_to(self._inside), real.is_file(), real.exists()
        except (OSError, RuntimeError, ValueError):
            raise node.error(f"policy {quoted(name)} is no path of a file") from None
        if not inside:
            raise node.error(f"policy {quoted(name)} lies outside the workspace, expected a file below it")
        if not is_file:
            what = "is not a file" if exists else f"does not exist{self._near(relative)}"
            raise node.error(f"policy {quoted(name)} {what}, expected a JSON file in the workspace")
        return path

    def _near(self, relative: PurePosixPath) -> str:
        """A hint with the policy that is nearly so named: AWS's own by the names that this program knows, or a file."""
        files = (self._folder / relative.parent).glob("*.json")
        here = sorted((relative.parent / file.name).as_posix() for file in files)
        return did_you_mean(str(relative), [*_BY_AWS, *here])
