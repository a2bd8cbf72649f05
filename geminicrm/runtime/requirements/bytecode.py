"""Compiling the modules of a wheel once, since hosts may write nothing and start often."""

import sys
import tempfile
from pathlib import Path
from typing import Final

from geminicrm.runtime.requirements.process import run_for

COMPILE_SECONDS: Final = 30.0
CACHE: Final = "__pycache__"
WORTH_BYTES: Final = 64 * 1024
"""Less source than this is compiled faster than a process starts."""

# In a process of its own, with little memory: nested source has crashed compilers before. What
# is compiled is not run. The hash in the file is not looked at again: sources never change here.
_CODE: Final = """
import compileall, py_compile, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
compileall.compile_dir(
    sys.argv[1],
    quiet=2,
    stripdir=sys.argv[1],
    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
)
"""


def compile_modules(folder: Path, seconds: float = COMPILE_SECONDS) -> list[Path]:
    """Compile what is worth it; give the files made. Where that fails, the sources do as well."""
    size = sum(path.stat().st_size for path in folder.rglob("*.py"))
    if size < WORTH_BYTES:
        return []
    with tempfile.TemporaryFile() as nothing:
        command = [sys.executable, "-I", "-S", "-c", _CODE, str(folder.absolute())]
        run_for(command, seconds, {"LANG": "C.UTF-8"}, nothing)
    return sorted(folder.rglob(f"{CACHE}/*.pyc"))
