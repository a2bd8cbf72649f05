"""The commands of `geminicrm`, one file for each group of them."""
