"""GeminiCRM Pro: a CRM with an extension marketplace and an extension runtime."""
