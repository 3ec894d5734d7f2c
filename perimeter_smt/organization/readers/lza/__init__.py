"""Configuration folders of the Landing Zone Accelerator on AWS."""
