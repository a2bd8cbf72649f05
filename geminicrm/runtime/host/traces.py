"""Where in an extension's own code an error happened, and what it says."""

import os
import threading
from pathlib import Path
from types import TracebackType


def place_of(error: BaseException, folder: Path) -> str:
    """Name file, line and function of the deepest frame that is the extension's own code."""
    if isinstance(error, SyntaxError) and error.filename:
        own = _relative(error.filename, folder)
        if own:
            return f"{own}:{error.lineno}"
    place = ""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        own = _relative(code.co_filename, folder)
        if own:
            place = f"{own}:{trace.tb_lineno} in {code.co_name}"
        trace = trace.tb_next
    return place


def reason_of(error: BaseException) -> str:
    """Give `ValueError: text`, on one line, also for errors whose own text fails."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - border: __str__ is the extension's code as well
        text = "(its text can't be read)"
    kind = type(error).__name__
    return f"{kind}: {text}" if text else kind


def interrupts(error: BaseException) -> bool:
    """Tell whether this is somebody's Ctrl-C: only the main thread gets a real one."""
    main = threading.current_thread() is threading.main_thread()
    return isinstance(error, KeyboardInterrupt) and main


def _relative(filename: str, folder: Path) -> str:
    base = f"{folder}{os.sep}"
    return filename[len(base) :] if filename.startswith(base) else ""
