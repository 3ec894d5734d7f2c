"""A workspace: a folder with `perimeter.yaml`, `organization.yaml` and the policies they name (design 6)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from perimeter_smt.errors import InputError
from perimeter_smt.organization.default_policies import untold_authorization
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.organization.readers import agreement, partition
from perimeter_smt.organization.readers.fields import Gather
from perimeter_smt.organization.readers.organization_file import read_organization
from perimeter_smt.organization.readers.perimeter_file import read_perimeter
from perimeter_smt.organization.readers.policy_files import PolicyFiles
from perimeter_smt.organization.readers.yaml import read_yaml

PERIMETER_FILE = "perimeter.yaml"
ORGANIZATION_FILE = "organization.yaml"
_NOTHING: Mapping[str, str] = {}


def load_workspace(
    folder: Path, fill: Mapping[str, str] = _NOTHING, *, perimeter_file: Path | None = None
) -> Workspace:
    """Read a workspace; `fill` gives the values of placeholders `<NAME>` in its policies.

    `perimeter_file` is a perimeter in place of its own.
    InputError with one line for everything that is missing or not as docs/workspace.md says (`InputError.each`).
    """
    for name in (ORGANIZATION_FILE,) if perimeter_file else (PERIMETER_FILE, ORGANIZATION_FILE):
        if not (folder / name).is_file():
            raise InputError(f"no file `{name}`, expected a workspace: a folder that holds it", file=str(folder))
    gather = Gather()
    claims = gather(lambda: read_yaml(perimeter_file or folder / PERIMETER_FILE), None)
    if claims and not perimeter_file and isinstance(claims.value, dict) and "source" in claims.value:
        gather.add(claims.value["source"].key_error(f"`source` beside `{ORGANIZATION_FILE}`, expected one of them"))
    perimeter = gather(lambda: read_perimeter(claims), None) if claims else None
    tree = gather(lambda: read_yaml(folder / ORGANIZATION_FILE), None)
    organization = gather(lambda: read_organization(tree, PolicyFiles(folder, fill)), None) if tree else None
    gather.done()
    assert claims and perimeter and tree and organization
    agreement.check(perimeter, organization, claims)
    lies_in = partition.told((tree, claims)) or partition.of_documents(organization.documents())
    organization = organization.model_copy(update={"partition": lies_in})
    unknowns = tuple(untold_authorization(organization))
    return Workspace(organization=organization, perimeter=perimeter, name=folder.resolve().name, unknowns=unknowns)
