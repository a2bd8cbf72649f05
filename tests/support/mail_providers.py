"""Two mail services of one API on the loopback, with an integration each, and who uses them."""

from dataclasses import dataclass, field
from typing import Any

from extensions.sdk.capabilities.email import Address, Mail
from geminicrm.runtime.providers import Asked
from tests.support.connecting import OutsideService
from tests.support.core import Tenant
from tests.support.integrations import connect_to, put_integration
from tests.support.sample_extensions import HEAD, QUIET, Stage

SENDING = """return Account(id="", label="Mail")

    def send(self, mail):
        from extensions.sdk.capabilities.email import SentMail
        url = f"{self.app.settings['base_url']}/mails"
        answer = self.app.http.request("POST", url, json={"to": mail.to[0].email})
        if answer.status >= 400:
            raise ServiceUnavailable("It takes no mail now.")
        return SentMail(message_id="<1@mail.example>", accepted=(mail.to[0].email,))
"""
USER = HEAD + QUIET
MAIL = Mail(idempotency_key="m-1", to=(Address(email="ada@example.com"),), subject="Hello")
SEND = Asked(capability="email", operation="send", arguments={"mail": MAIL})


@dataclass
class MailWorld:
    """Connections by the name of their place at the service, which the calls there show."""

    stage: Stage
    tenant: Tenant
    outside: OutsideService
    ids: dict[str, str] = field(default_factory=dict)

    def provide(self, *services: str) -> None:
        """Put the integrations on the stage."""
        for one in services:
            put_integration(self.stage, self.tenant, one, SENDING, provides=["email"])

    def connect(self, service: str, place: str, **new: Any) -> None:
        """Make a connection that sends to this place."""
        config = {"base_url": f"{self.outside.url}/{place}"}
        made = connect_to(self.stage, self.tenant, service, name=place, config=config, **new)
        self.ids[place] = made

    def asked(self) -> list[str]:
        """Name the places that were asked to take a mail, in order."""
        return [one.path.split("/")[1] for one in self.outside.calls]

    def ready(self) -> None:
        """Have this process see all of it."""
        self.stage.runtime.reconcile()
