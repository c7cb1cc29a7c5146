"""The verbs of publishing: page, desk, command and task all call these."""
