"""Questions about requests that happened, or might: cases filled from a workspace, why, and what would change it."""
