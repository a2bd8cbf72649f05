"""The JSON shell: problem documents, paging, conditional requests."""
