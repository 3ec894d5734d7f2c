"""What people and programs read: text for a terminal or a pipe, and versioned JSON."""
