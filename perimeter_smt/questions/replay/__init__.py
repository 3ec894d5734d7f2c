"""What guardrails would say to calls that happened: CloudTrail logs against a workspace or a change of it."""
