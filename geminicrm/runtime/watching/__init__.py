"""The watch period: a version that took another's place goes back by itself when it fails."""
