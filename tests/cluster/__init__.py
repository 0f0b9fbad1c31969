"""Turvakt as a cluster, over real servers."""
