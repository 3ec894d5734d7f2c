"""CloudFormation and SAM templates, in JSON and YAML."""
