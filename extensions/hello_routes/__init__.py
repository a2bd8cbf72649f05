"""The extension hello-routes."""
