"""CloudTrail events as requests: who called what on which resource, and which condition keys the event tells.

CloudTrail guide, record contents and userIdentity element. An event lacks most condition values; what it does not tell
is not known, never absent.
"""
