"""Answers of the AWS CLI as JSON files, recognised by what they hold."""
