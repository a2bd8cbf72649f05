"""Events of webhooks, handed to their integrations by a worker: in host or process."""

from typing import Final

from typing_extensions import override

from extensions.sdk.capabilities.catalogue import CONNECTION
from extensions.sdk.service_errors import RateLimited, ServiceUnavailable
from extensions.sdk.webhooks import Handled
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.errors import Unavailable
from geminicrm.kernel.jobs.kinds import Cancelled, Claimed, Postponed, Run
from geminicrm.kernel.work import Works
from geminicrm.runtime.calls import Calls
from geminicrm.runtime.capabilities import Capabilities
from geminicrm.runtime.convergence import Convergence
from geminicrm.runtime.extension_jobs import HookKind
from geminicrm.runtime.live import Installed
from geminicrm.runtime.providers import Asked, Provider
from geminicrm.webhooks.incoming.inbox import Inbox
from geminicrm.webhooks.incoming.storing import KIND

_HOOK: Final = "run_operation"
_SHORTEST_WAIT: Final = 5


class WebhookKind(HookKind):
    """Implements the engine's Kind: hands one event over, for the connection that it came for.

    Waits and ends as the other work of extensions does, see HookKind.
    """

    def __init__(
        self,
        convergence: Convergence,
        calls: Calls,
        works: Works,
        capabilities: Capabilities,
        inbox: Inbox,
    ) -> None:
        super().__init__(KIND, _HOOK, lambda job, _run: job, convergence, calls, works)
        self._capabilities = capabilities
        self._inbox = inbox

    @override
    def _call(self, installed: Installed, job: Claimed, run: Run) -> None:
        waiting = self._inbox.open(job)
        if waiting is None:
            return
        found = self._capabilities.find(
            installed.workspace_id, installed.extension_id, waiting.connection_id
        )
        if found is None:
            raise Cancelled("its connection is not there any more")
        if not found.connection.active:
            raise Cancelled("its connection is switched off")
        asked = Asked(
            capability=CONNECTION,
            operation="handle_webhook",
            arguments={"event": waiting.event},
            connection_id=waiting.connection_id,
        )
        handled = self._handed_over(job, found, asked)
        self._inbox.close(job, waiting, handled)

    def _handed_over(self, job: Claimed, provider: Provider, asked: Asked) -> Handled:
        actor = SystemActor(job.workspace_id)
        try:
            handled: Handled = self._capabilities.ask_one(actor, provider, asked)
        except RateLimited as error:
            raise Postponed(str(error), max(error.retry_after, _SHORTEST_WAIT)) from error
        except ServiceUnavailable as error:
            if isinstance(error.__cause__, Unavailable):  # its code did not run: no attempt
                raise error.__cause__ from error
            raise
        return handled
