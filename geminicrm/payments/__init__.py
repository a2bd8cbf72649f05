"""Payments: asked for beside leads and deals, looked after until they are paid or ended."""
