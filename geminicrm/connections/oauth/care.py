"""A thread that renews tokens before they end, so that connections nobody uses stay alive."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from extensions.sdk.errors import SdkError
from geminicrm.connections.oauth.client import Filled
from geminicrm.connections.oauth.keeper import TokenKeeper
from geminicrm.connections.oauth.rows import TokenRows
from geminicrm.connections.table import connected
from geminicrm.kernel.errors import AppError

EVERY_SECONDS: Final = 15.0
"""Less than the minute for which a token holds once it is to be renewed."""
_AT_ONCE: Final = 4
_log = structlog.get_logger(__name__)


class TokenCare:
    """Looks for tokens that end soon. Several workers may do so: leases keep them apart."""

    def __init__(self, rows: TokenRows, keeper: TokenKeeper, filled: Filled) -> None:
        self._rows = rows
        self._keeper = keeper
        self._filled = filled

    def step(self) -> int:
        """Renew what is due; give how many there were."""
        due = self._rows.due()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            # One service that hangs holds up a quarter, not everybody.
            list(pool.map(self._renew, due))
        return len(due)

    def _renew(self, place: tuple[str, str]) -> None:
        row = self._rows.read(*place)
        if row is None:
            return
        connection = connected(row)
        try:
            service, _ = self._filled(connection)
            self._keeper.access_token(connection, service.way(connection.way))
        except (SdkError, AppError) as error:
            # It is written into the row, and told where somebody has to act.
            _log.info("not renewed", connection_id=connection.id, reason=str(error))


class TokenWatch:
    """Runs the care in a thread of its own: a service that hangs keeps no job waiting."""

    def __init__(self, care: TokenCare, seconds: float = EVERY_SECONDS) -> None:
        self._care = care
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tokens", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is being asked for is not waited for long, the thread dies with the process."""
        self._stop.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            try:
                self._care.step()
            except (SQLAlchemyError, AppError) as error:
                _log.warning("tokens are renewed later: the database is away", error=str(error))
