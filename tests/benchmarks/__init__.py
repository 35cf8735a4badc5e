"""The benchmarks as a program: that they run, and that their page tells the same; no time."""
