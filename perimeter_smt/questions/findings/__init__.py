"""All access of outsiders as the fewest, coarsest sets of requests; who can, what can, and how much is admitted."""
