"""Jobs for those who look after them: what waits, runs and failed, with its reason and a retry."""
