"""From a model to a concrete request, and its replay through the concrete evaluator."""
