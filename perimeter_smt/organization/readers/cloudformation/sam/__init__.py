"""What AWS SAM makes of a template besides what stands there."""
