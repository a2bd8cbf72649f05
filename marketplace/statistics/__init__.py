"""How a version fares: downloads, installations, errors in groups."""
