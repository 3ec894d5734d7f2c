"""Input to objects: workspaces, other sources, and the form without either. What is wrong is one InputError."""

from perimeter_smt.organization.readers.options import workspace_from_options
from perimeter_smt.organization.readers.sources import SourceOptions, read_source
from perimeter_smt.organization.readers.workspace import load_workspace

__all__ = ["SourceOptions", "load_workspace", "read_source", "workspace_from_options"]
