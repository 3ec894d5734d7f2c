"""What policies could go without: statements that change nothing, and sets of guardrails written shorter."""
