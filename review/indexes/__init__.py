"""Implementations of `review.index.Index`."""
