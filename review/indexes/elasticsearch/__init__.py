"""The index in Elasticsearch: items for the console, statistics for analysts."""
