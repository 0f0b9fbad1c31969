"""Real servers on this machine, for tests and benchmarks: installed by package, started, killed, restarted, and certain to end."""
