"""Workloads and the baselines they are measured against, in one run on one machine."""
