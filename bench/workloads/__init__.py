"""One file per workload: `NAME`, and `run(lab)` that gives its rows."""
