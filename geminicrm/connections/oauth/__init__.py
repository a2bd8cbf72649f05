"""OAuth2 as a client: signing in at services, and access tokens that hold."""
