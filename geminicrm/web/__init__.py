"""The HTML shell: base templates, macros, navigation, error pages."""
