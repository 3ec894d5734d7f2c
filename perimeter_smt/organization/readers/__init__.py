"""Input to objects: workspaces, other sources, and the form without either. What is wrong is one InputError.

The readers are loaded when first used: most commands need one of them, or none.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.options import workspace_from_options
    from perimeter_smt.organization.readers.sources import SourceOptions, read_source
    from perimeter_smt.organization.readers.workspace import load_workspace

_WHERE = {
    "SourceOptions": "sources",
    "load_workspace": "workspace",
    "read_source": "sources",
    "workspace_from_options": "options",
}

__all__ = ["SourceOptions", "load_workspace", "read_source", "workspace_from_options"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
