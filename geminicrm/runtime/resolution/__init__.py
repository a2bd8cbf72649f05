"""Which versions go together: the wanted change, everything installed, what can be had."""
