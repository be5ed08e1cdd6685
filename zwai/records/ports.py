"""What one package needs of another that it may not import."""

from datetime import datetime
from typing import Any, Protocol

from zwai.records.ai import AICall, Question, Reply
from zwai.records.people import HouseholdId


class Memo(Protocol):
    """Answers that were paid for, and who is asking right now; all of it may vanish at any moment."""

    async def recall(self, key: str) -> bytes | None: ...

    async def keep(self, key: str, value: bytes) -> None: ...

    async def claim(self, key: str, lease_s: float) -> bool:
        """Be the one who asks; False while somebody else is."""

    async def release(self, key: str) -> None: ...


class Quota(Protocol):
    """How fast a provider may be asked, by everybody together."""

    async def wait_s(self, now: float) -> float:
        """Take a place in line; answers how many seconds to wait for it."""


class CallLedger(Protocol):
    """What was asked and what it cost."""

    def record(self, call: AICall) -> None:
        """Keep a row, soon."""

    async def paid_since(self, since: datetime, household: HouseholdId | None = None) -> int:
        """How many questions went out to a provider, of one household or of all."""


class Provider(Protocol):
    """An AI behind a network."""

    model: str

    async def ask(self, question: Question, timeout_s: float) -> Reply:
        """Raises AIDown (worth another try), AIRefused, AIMalformed and AIMisconfigured (not)."""


class Asker(Protocol):
    """Who asks an AI with care: never twice for the same, never beyond a budget."""

    async def ask(self, question: Question, household: HouseholdId) -> dict[str, Any]:
        """The answer's document. Raises AIDown, AIRefused, AIMalformed, AIMisconfigured, AIBudgetSpent."""
