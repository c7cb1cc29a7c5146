"""The edit page of a draft as one form: rows, sheet and form; what is typed becomes content."""
