"""Counts of posts for analysts, kept longer than the posts: small ones are left out, so that none tells of a single post."""
