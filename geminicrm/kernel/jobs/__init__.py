"""Jobs: work that is done after the commit, each a row that is the truth about it."""
