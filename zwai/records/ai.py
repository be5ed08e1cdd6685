"""Questions to an AI that is somebody else's, its replies, and what they cost."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from zwai.records.people import HouseholdId


class Purpose(StrEnum):
    """What a question is for; a purpose has one prompt and one schema."""

    INGREDIENTS = "ingredients"
    DISHES = "dishes"
    BOTH = "both"
    PICTURE = "picture"
    IMPACT = "impact"
    IDEAS = "ideas"
    DISH_IDEAS = "dish_ideas"
    ADVICE = "advice"
    KEEPING = "keeping"
    NUTRIENTS = "nutrients"
    RECIPES = "recipes"
    PLAN = "plan"


class Outcome(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    REMEMBERED = "remembered"
    REFUSED = "refused"
    MALFORMED = "malformed"
    MISCONFIGURED = "misconfigured"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `photos` are JPEG bytes; `prompt` names its version, so that a new one asks anew.

    An answer is remembered for whoever asks the same; with a `scope`, which is not sent, for those who share that only.
    `schema` is the JSON schema that the answer must fit; `deadline_s` bounds everything, with all repeats.
    """

    purpose: Purpose
    prompt: str
    instructions: str
    text: str
    schema: dict[str, Any]
    deadline_s: float
    photos: tuple[bytes, ...] = ()
    scope: str = ""

    def key(self, model: str) -> str:
        """The same only for what must have the same answer."""
        digest = hashlib.sha256()
        told = (self.purpose, self.prompt, model, self.instructions, self.text, json.dumps(self.schema))
        for part in (*told, self.scope) if self.scope else told:
            digest.update(f"{len(part)}:{part}".encode())
        for photo in self.photos:
            digest.update(hashlib.sha256(photo).digest())
        return digest.hexdigest()

    @property
    def size_bytes(self) -> int:
        """What leaves the house."""
        return sum(map(len, self.photos)) + len((self.instructions + self.text).encode())


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a document of the question's schema, if the provider kept to it."""

    document: dict[str, Any]
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class AICall:
    """One question as the ledger keeps it. `cost` in US dollars, by the prices that the operator set."""

    household: HouseholdId
    purpose: Purpose
    model: str
    outcome: Outcome
    bytes_out: int
    tokens_in: int
    tokens_out: int
    cost: Decimal
    latency_ms: int
    at: datetime
