"""The pages of the demo world."""
