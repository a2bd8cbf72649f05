"""Companies: organisations we deal with."""
