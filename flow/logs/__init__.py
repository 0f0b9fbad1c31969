"""Implementations of `flow.log.Log`."""
