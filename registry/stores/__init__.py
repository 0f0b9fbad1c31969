"""Implementations of `registry.store.Store`."""
