"""Runs gunicorn out of the baselines' packages: `python -m bench.gthread PACKAGES ARGUMENT...`."""

import runpy
import sys


def main() -> None:
    """Hand over to gunicorn; its folder comes last, so that our own packages stay ours."""
    sys.path.append(sys.argv.pop(1))
    runpy.run_module("gunicorn", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
