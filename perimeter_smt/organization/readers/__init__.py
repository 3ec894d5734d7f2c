"""Input to objects: workspace folders, and the form without a workspace. What is wrong is one InputError."""

from perimeter_smt.organization.readers.options import workspace_from_options
from perimeter_smt.organization.readers.workspace import load_workspace

__all__ = ["load_workspace", "workspace_from_options"]
