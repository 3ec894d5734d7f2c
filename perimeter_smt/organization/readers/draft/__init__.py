"""What a source says, gathered in any order and then put together as an organization."""

from perimeter_smt.organization.readers.draft import told
from perimeter_smt.organization.readers.draft.draft import Draft
from perimeter_smt.organization.readers.draft.place import NotKnown, Place

__all__ = ["Draft", "NotKnown", "Place", "told"]
