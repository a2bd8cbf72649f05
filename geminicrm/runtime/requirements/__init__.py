"""Python packages of extensions: read, checked, fetched, and put into folders of their own."""
