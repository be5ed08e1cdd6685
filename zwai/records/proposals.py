"""Proposals: the reviewable lines that a recognition offers; nothing changes stock before they are accepted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from zwai.records.people import AccountId, HouseholdId
from zwai.records.photos import Box, Decision, Recognition, RecognitionId
from zwai.records.stock import Batch, BatchId, FoodId

LineId = NewType("LineId", str)

# Where a page of proposals ends: created at, recognition.
ProposalKey = tuple[datetime, str]


class LineState(StrEnum):
    """What its reviewer has said of a line."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Line:
    """What would be added (`batch`, whose id it gets when accepted), how sure that is, and the evidence.

    The evidence is the batch's photo, `box` in it, `rule`, the recogniser's step that decided, and what was read.
    `accepted_label` and `accepted_food` are what the reviewer made of it; others than the batch has are a correction.
    """

    id: LineId
    recognition: RecognitionId
    position: int
    batch: Batch
    confidence: float
    decision: Decision
    rule: str
    box: Box | None
    accepted_batch: BatchId | None
    accepted_at: datetime | None
    accepted_label: str | None = None
    accepted_food: FoodId | None = None
    rejected_at: datetime | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> LineState:
        if self.accepted_batch is not None:
            return LineState.ACCEPTED
        return LineState.OPEN if self.rejected_at is None else LineState.REJECTED


@dataclass(frozen=True, slots=True)
class Feedback:
    """What somebody said of a recognition, in their own words."""

    id: str
    household: HouseholdId
    recognition: RecognitionId
    account: AccountId
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Summary:
    """A recognition and how many of its lines are in each state."""

    recognition: Recognition
    open: int
    accepted: int
    rejected: int
