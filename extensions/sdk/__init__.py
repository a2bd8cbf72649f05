"""The software development kit: the one door between an extension and the core."""
