"""Safe mode as an operator turns it on and off."""

from collections.abc import Callable

from geminicrm.kernel.work import Actor, Works
from geminicrm.runtime.attention.look import OPERATE
from geminicrm.runtime.kit import require
from geminicrm.runtime.safe_mode import SafeMode, SafeState


class SafeSwitch:
    """Needs `operate:instance`; `follow` makes this very process see the change at once."""

    def __init__(self, works: Works, safe_mode: SafeMode, follow: Callable[[], object]) -> None:
        self._works = works
        self._safe_mode = safe_mode
        self._follow = follow

    def on(self) -> bool:
        """Tell whether no extension runs; everybody may know."""
        return self._safe_mode.on()

    def state(self, actor: Actor) -> SafeState:
        """Tell whether it is on, and why. Raises ScopeMissing."""
        require(actor, OPERATE)
        return self._safe_mode.state()

    def turn(self, actor: Actor, *, on: bool, reason: str = "") -> SafeState:
        """Turn it on or off for this machine. Raises ScopeMissing, SafeModeForced."""
        require(actor, OPERATE)
        with self._works.write(actor) as work:
            work.audit("instance.safe_mode", "safe mode", {"on": on, "reason": reason})
            if on:
                why = reason or f"Turned on by {actor.label}."
                self._safe_mode.enter("operator", why, work.now)
            else:
                self._safe_mode.leave()
        self._follow()
        return self._safe_mode.state()
