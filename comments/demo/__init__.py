"""The conversation of the demo world, and the whole of it put together."""
