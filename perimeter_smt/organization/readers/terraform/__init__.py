"""Plans and states of Terraform and OpenTofu as `show -json` prints them, and state files."""
