"""AWS's three custom policy checks, with their meaning and names: no public access, access not granted, no new access.

IAM Access Analyzer, API reference: CheckNoPublicAccess, CheckAccessNotGranted, CheckNoNewAccess.
"""
