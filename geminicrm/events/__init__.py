"""What happened, for those who ask: the catalogue of types and the change feed."""
