"""The rules, one in each file: each looks for one kind of trouble."""
