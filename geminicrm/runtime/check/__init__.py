"""Static rules on an extension's folder, one per file; `run` has the list of them."""
