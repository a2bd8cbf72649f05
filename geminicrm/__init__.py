"""GeminiCRM Pro: a CRM with an extension marketplace and an extension runtime."""

__version__ = "0.1.0"
