"""Rehearses a deploy and a rollback: the former release's code and this tree's, on this tree's schema."""
