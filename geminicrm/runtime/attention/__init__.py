"""What needs attention: everything that is wrong with what is installed, each with its fix."""
