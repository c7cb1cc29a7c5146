"""The body document of a page: what it may hold, how it is read, written and shown; pure functions over dicts."""
