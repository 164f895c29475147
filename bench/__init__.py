"""The benchmarks: each measures us against a peer, or against the floor, in the same run."""
