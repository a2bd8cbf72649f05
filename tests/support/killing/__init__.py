"""Life-cycle actions in processes of their own that are killed at any dangerous moment."""
