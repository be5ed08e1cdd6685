"""Proposals: the reviewable lines that a recognition offers; nothing changes stock before they are accepted."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from zwai.records.photos import Box, Decision, RecognitionId
from zwai.records.stock import Batch, BatchId

LineId = NewType("LineId", str)


@dataclass(frozen=True, slots=True)
class Line:
    """What would be added (`batch`, whose id it gets when accepted), how sure that is, and the evidence.

    The evidence is the batch's photo, `box` in it, and `rule`, the recogniser's step that decided.
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
