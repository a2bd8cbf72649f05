"""A lead in Django REST framework with OAuth 2 tokens: a baseline, run by its own interpreter."""
