"""Folders that iam-collect leaves, in the layout that its documentation describes."""
