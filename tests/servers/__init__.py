"""Real servers on this machine, for tests and benchmarks: installed by package, started, killed, and certain to end."""
