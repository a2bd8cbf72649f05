"""Tools for developers: the gates and the rules of the house as code."""
