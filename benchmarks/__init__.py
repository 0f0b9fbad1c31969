"""Speed and memory, measured; ``python -m benchmarks`` runs all and prints what docs/performance.md quotes."""
