"""Small real workloads that demos, benchmarks and tests train."""
