"""`python -m geminicrm` is the `geminicrm` command."""

from geminicrm.cli import main

if __name__ == "__main__":
    main()
