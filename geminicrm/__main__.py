"""`python -m geminicrm` is the `geminicrm` command."""

import gc

if __name__ == "__main__":
    # What is imported stays, and each look for garbage goes over more of it: a tenth of the start.
    gc.disable()
    from geminicrm.cli import main

    gc.freeze()
    gc.enable()
    main()
