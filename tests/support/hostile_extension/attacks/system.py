"""All attacks on the system, by name: what a locked process of any kind can try."""

from . import bombs, files, kernel, others, processes, programs, sockets
from .tools import Attack

ATTACKS: dict[str, Attack] = {
    **files.ATTACKS,
    **processes.ATTACKS,
    **sockets.ATTACKS,
    **others.ATTACKS,
    **programs.ATTACKS,
    **kernel.ATTACKS,
    **bombs.ATTACKS,
}
