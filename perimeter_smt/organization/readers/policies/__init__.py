"""Folders of policies without an organization."""
