"""Ending what killed processes have begun: undone while undecided, else gone through with."""
