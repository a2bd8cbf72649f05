"""Language models: what they make of mail. Every answer is a draft for a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Category = Literal["primary", "lead", "deal", "customer", "complaint"]
MOST_CHARACTERS = 2_000
"""Bodies are cut to this before they leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailForModel:
    """A mail as a model is shown it: text only, cut at MOST_CHARACTERS.

    `context` are facts of the sender's records, by label; `history` are earlier subjects.
    """

    id: str
    subject: str
    text: str
    sender: str = ""
    context: Mapping[str, str] = field(default_factory=dict)
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What an answer cost; `cost` is in millionths of `currency`, None where nobody knows."""

    model: str
    input_tokens: int
    output_tokens: int
    cost: int | None = None
    currency: str = "USD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Categorised:
    """What a mail is; `confidence` is from 0 to 1. `source` is `rules` where no model answered."""

    id: str
    category: Category
    confidence: float
    reason: str = ""
    source: Literal["model", "rules"] = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class CategorisedBatch:
    """Answers by the mails' ids; those that failed are left out."""

    results: tuple[Categorised, ...]
    spent: Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """Drafts of a reply, the best first."""

    drafts: tuple[str, ...]
    spent: Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentiment:
    """How somebody feels, from -1 (very bad) to 1."""

    score: float
    label: Literal["negative", "neutral", "positive"]
    spent: Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A thread in a few sentences, and what is to be done."""

    text: str
    actions: tuple[str, ...]
    spent: Spent


class Ai(Protocol):
    """The contract `ai`. Every operation raises a ServiceError and answers within 10 seconds."""

    def categorise(self, mails: tuple[MailForModel, ...]) -> CategorisedBatch:
        """Sort up to 50 mails."""

    def suggest_replies(self, mail: MailForModel, count: int = 3, tone: str = "") -> Suggested:
        """Draft up to 5 replies."""

    def sentiment(self, mail: MailForModel) -> Sentiment:
        """Tell how the sender feels."""

    def summarise(self, thread: tuple[MailForModel, ...]) -> Summary:
        """Sum up a thread, the oldest mail first."""

    def models(self) -> tuple[str, ...]:
        """List the models that the account may use."""
