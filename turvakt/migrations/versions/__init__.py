"""One file a version of the tables, in their order. What was released is not changed any more."""
