"""The people and policies of the demo world."""
