"""One task of the core: the extension's code is run, and its ending is told, whatever it is."""

import traceback
from pathlib import Path
from typing import Final

from extensions.sdk.errors import SdkError
from geminicrm.runtime.host.conversation import Conversation
from geminicrm.runtime.host.current import enter, leave
from geminicrm.runtime.host.invoking import invoke
from geminicrm.runtime.host.loading import Loaded
from geminicrm.runtime.host.messages import Failed, Invoke, Raised, Request, ToHost, Value
from geminicrm.runtime.host.raised import facts_of, short
from geminicrm.runtime.host.routes import answer_request
from geminicrm.runtime.host.traces import place_of, reason_of
from geminicrm.runtime.host.wire import TooLong, Wire, WireBroken, WireError

_LONGEST_LINE: Final = 2_000


class Worker:
    """Runs the code of one loaded extension, in any thread."""

    def __init__(self, loaded: Loaded, folder: Path) -> None:
        self._loaded = loaded
        self._folder = folder

    def work(self, wire: Wire[ToHost], message: ToHost, body: bytes) -> None:
        """Do what the core asks for. Raises WireError: then the connection is of no use."""
        if not isinstance(message, Request | Invoke):
            raise WireBroken(f"{type(message).__name__} begins no conversation")
        conversation = Conversation(wire, message, body)
        token = enter(conversation)
        try:
            self._run(conversation, message, body)
        except WireError as error:
            if not isinstance(error, TooLong):
                raise
            self._tell(conversation, error)
        except BaseException as error:  # noqa: BLE001 - border: the extension's code, SystemExit too
            self._tell(conversation, error)
        finally:
            leave(token)
            conversation.end()
        if conversation.is_broken:
            raise WireBroken("the connection broke while the extension asked for something")

    def _run(self, conversation: Conversation, message: Request | Invoke, body: bytes) -> None:
        if isinstance(message, Request):
            answer_request(conversation, message, body, self._loaded.app)
            return
        found = invoke(self._loaded, message, body)
        conversation.end()
        conversation.send(Value(message.id), found, deadline=conversation.deadline)

    def _tell(self, conversation: Conversation, error: BaseException) -> None:
        ending = self._ending(conversation.message.id, error)
        if isinstance(ending, Failed):
            traceback.print_exception(error)
        conversation.drain()
        conversation.end()
        conversation.send(ending, deadline=conversation.deadline)

    def _ending(self, number: int, error: BaseException) -> Raised | Failed:
        where = short(place_of(error, self._folder), _LONGEST_LINE)
        reason = short(reason_of(error), _LONGEST_LINE)
        if not isinstance(error, SdkError):
            return Failed(number, where, reason)
        try:
            return Raised(number, facts_of(error), where)
        except Exception:  # noqa: BLE001 - border: what an error holds is the extension's as well
            return Failed(number, where, reason)
