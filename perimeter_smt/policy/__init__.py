"""The IAM policy language: documents, kinds, operators, patterns; parsing with file, JSON path and line."""
