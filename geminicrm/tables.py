"""Every table of the core: whoever needs the whole of `Base.metadata` imports this module."""

from sqlalchemy import MetaData

from geminicrm.connections import models as connections
from geminicrm.crm.activities import models as activities
from geminicrm.crm.companies import models as companies
from geminicrm.crm.contacts import models as contacts
from geminicrm.crm.deals import models as deals
from geminicrm.crm.leads import models as leads
from geminicrm.crm.pipelines import models as pipelines
from geminicrm.identity import models as identity
from geminicrm.kernel import audit, generation, outbox
from geminicrm.kernel.db import Base
from geminicrm.kernel.jobs import models as jobs
from geminicrm.mail import models as mail
from geminicrm.members import models as members
from geminicrm.notifications import models as notifications
from geminicrm.payments import models as payments
from geminicrm.runtime import models as runtime
from geminicrm.runtime.history import models as history
from geminicrm.syncing import models as syncing
from geminicrm.webhooks.incoming import models as webhooks_in
from geminicrm.webhooks.outgoing import models as webhooks_out
from geminicrm.webhooks.receiver import models as webhook_receiver
from marketplace import models as marketplace
from marketplace.moderation import models as moderation
from marketplace.publishers import models as publishers
from marketplace.registries import models as registries
from marketplace.reviews import models as reviews
from marketplace.search import models as search
from marketplace.signing import models as signing
from marketplace.statistics import models as statistics

MODELS = (
    audit, connections, generation, jobs, outbox, identity, activities, companies, contacts,
    deals, leads, mail, members, notifications, payments, pipelines, runtime, history, marketplace,
    moderation, publishers, registries, reviews, search, signing, statistics, syncing,
    webhook_receiver, webhooks_in, webhooks_out,
)  # fmt: skip


def metadata() -> MetaData:
    """Give the description of every table."""
    return Base.metadata
