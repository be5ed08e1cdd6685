"""Proposing what was seen in photos, and accepting proposals into stock."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from storage import batches, jobs, photos, pictures, recognitions
from storage.db import Read, Write
from zwai.errors import UnknownJob, UnknownRecognition
from zwai.kitchen import inventory, learning
from zwai.kitchen.inventory import MILLISECOND, Done, NewItem, to_millisecond
from zwai.knowledge import catalogue
from zwai.knowledge.names import label_key
from zwai.records.ids import new_id
from zwai.records.jobs import Job, JobId
from zwai.records.people import HouseholdId, Language, Member
from zwai.records.photos import (
    Aim,
    Decision,
    Engine,
    PhotoId,
    Recognition,
    RecognitionId,
    Sighting,
)
from zwai.records.proposals import Line, LineId
from zwai.records.stock import Batch, BatchId, DishFacts, ExpirySource, FoodId, Kind, Quantity, Unit

REASON = "recognition"  # what the journal says of stock that was accepted
RANK = {Decision.ITEM: 0, Decision.CONFIRM: 1, Decision.SUGGESTION: 2}


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen, each with the photo that it was seen in, surest first."""

    aim: Aim
    engine: Engine
    photos: tuple[PhotoId, ...]
    sightings: tuple[tuple[PhotoId, Sighting], ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """`painting` is the job that has the pictures made which its lines lacked, None when they lacked none.

    `own` are pictures that the household gave to names, by label key, of what no photo shows.
    """

    recognition: Recognition
    lines: tuple[Line, ...]
    painting: Job | None = None
    own: Mapping[str, PhotoId] = field(default_factory=dict)

    def photo_of(self, line: Line) -> PhotoId | None:
        """The household's photo that stands for a line."""
        return line.batch.photo or self.own.get(line.batch.label_key)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A line as its reviewer sends it back, edited or not; found again by the moment it was given."""

    item: NewItem
    added_at: datetime | None
    recognition: RecognitionId | None


def each_once(found: Iterable[tuple[PhotoId, Sighting]]) -> tuple[tuple[PhotoId, Sighting], ...]:
    """One sighting a food or label: the surest decision, then the highest confidence."""
    best: dict[str, tuple[PhotoId, Sighting]] = {}
    for photo, sighting in found:
        name = name_of(sighting)
        known = best.get(name)
        if known is None or _order(sighting) < _order(known[1]):
            best[name] = (photo, sighting)
    return tuple(sorted(best.values(), key=lambda one: _order(one[1])))


def name_of(sighting: Sighting) -> str:
    """By which two sightings are of the same thing."""
    return sighting.food or label_key(sighting.label)


def food_of(sighting: Sighting) -> FoodId | None:
    """The catalogue's food that it is, if any."""
    return FoodId(sighting.food) if sighting.food else None


def _order(sighting: Sighting) -> tuple[int, float]:
    return RANK[sighting.decision], -sighting.confidence


check_photos = photos.check_owned  # nothing to add to the rows


async def propose(tx: Write, member: Member, seen: Seen, now: datetime) -> Proposal:
    """Store what was seen as lines to review, each with a moment of its own. Changes no stock."""
    recognition = Recognition(
        id=RecognitionId(new_id(now)),
        household=member.household,
        account=member.account,
        aim=seen.aim,
        engine=seen.engine,
        photos=seen.photos,
        created_at=now,
    )
    return await offer(tx, recognition, [_line(member, recognition, *one, now) for one in seen.sightings], now)


async def offer(tx: Write, recognition: Recognition, lines: Sequence[Line], now: datetime) -> Proposal:
    """Store lines in their order, each at a moment that none of the household's lines has."""
    moment = to_millisecond(now)
    taken = await recognitions.moments_from(tx, recognition.household, moment)
    offered = []
    for position, line in enumerate(lines):
        while moment in taken:
            moment += MILLISECOND
        taken.add(moment)
        offered.append(replace(line, position=position, batch=replace(line.batch, added_at=moment)))
    await recognitions.add(tx, recognition, offered)
    return Proposal(recognition, tuple(offered))


async def proposal(tx: Read, household: HouseholdId, recognition: RecognitionId) -> Proposal:
    """A stored proposal. Raises UnknownRecognition."""
    found, lines = await recognitions.get(tx, household, recognition)
    own = await own_pictures(tx, household, lines)
    painting = None
    if any(line.batch.photo is None for line in lines):
        with contextlib.suppress(UnknownJob):
            painting = await jobs.get(tx, household, JobId(recognition))
    return Proposal(found, tuple(lines), painting, own)


async def own_pictures(tx: Read, household: HouseholdId, lines: Iterable[Line]) -> dict[str, PhotoId]:
    """What the household gave as pictures to the names of lines that no photo shows."""
    keys = {line.batch.label_key for line in lines if line.batch.photo is None}
    return await pictures.of_keys(tx, household, keys) if keys else {}


async def accept(tx: Write, member: Member, accepted: Sequence[Accepted], now: datetime) -> Done:
    """Put reviewed lines into stock, each once, however often they come; what no line knows is a plain add."""
    moments = [to_millisecond(one.added_at) for one in accepted if one.added_at]
    lines = await recognitions.lines_added_at(tx, member.household, moments)
    named = await _lines_by_name(tx, member.household, {one.recognition for one in accepted if not one.added_at})
    drafts: list[Batch] = []
    closed: dict[LineId, int] = {}
    told: list[Mapping[str, str]] = []
    again: list[BatchId] = []
    for one in accepted:
        by_name = named.get((one.recognition, label_key(one.item.label)))
        line = lines.get(to_millisecond(one.added_at)) if one.added_at else by_name
        if line is None or (one.recognition and one.recognition != line.recognition):
            drafts.append(inventory.draft(member, one.item, now))
        elif line.accepted_batch:
            again.append(line.accepted_batch)
        elif line.id not in closed:
            closed[line.id] = len(drafts)
            told.append(line.evidence)
            drafts.append(_edited(inventory.draft(member, one.item, now), line))
    stored = await inventory.store(tx, member, drafts, now, reason=REASON)
    accepted_lines = [(line_id, stored.batches[place]) for line_id, place in closed.items()]
    await recognitions.accept(tx, member.household, accepted_lines, now)
    await learning.learn(tx, member, [(one, batch) for one, (_, batch) in zip(told, accepted_lines, strict=True)], now)
    held = await batches.by_ids(tx, member.household, again) if again else {}
    known = [held[batch] for batch in again if batch in held]  # what has been eaten since is not
    return Done((*known, *stored.batches), stored.entry)


async def _lines_by_name(
    tx: Read, household: HouseholdId, recognised: Iterable[RecognitionId | None]
) -> dict[tuple[RecognitionId | None, str], Line]:
    """Lines by recognition and label, for clients that send no moments back; none of a recognition that is unknown."""
    named: dict[tuple[RecognitionId | None, str], Line] = {}
    for one in recognised:
        with contextlib.suppress(UnknownRecognition):
            _, lines = await recognitions.get(tx, household, one) if one else (None, [])
            named |= {(one, line.batch.label_key): line for line in lines}
    return named


def item_of(sighting: Sighting, language: Language) -> NewItem:
    """A sighting as something to add, named in `language` where the catalogue knows it."""
    kind = Kind(sighting.kind)
    food = catalogue.load().food(sighting.food) if sighting.food else None
    assert food or sighting.label, f"the recogniser named {sighting.food}, which the catalogue does not have"
    unit = Unit.PORTION if kind is Kind.DISH else Unit.PIECE
    return NewItem(
        label=food.name(language) if food else sighting.label,
        kind=kind,
        quantity=Quantity(sighting.amount, Unit(sighting.unit) if sighting.unit else unit),
        dish=DishFacts((), food.category if food else "", None, "") if kind is Kind.DISH else None,
    )


def _line(member: Member, recognition: Recognition, photo: PhotoId, sighting: Sighting, now: datetime) -> Line:
    item = replace(item_of(sighting, member.language), photo=photo)
    return Line(
        id=LineId(new_id(now)),
        recognition=recognition.id,
        position=0,
        batch=inventory.draft(member, item, now),
        confidence=sighting.confidence,
        decision=sighting.decision,
        rule=sighting.rule,
        box=sighting.box,
        accepted_batch=None,
        accepted_at=None,
    )


def _edited(draft: Batch, line: Line) -> Batch:
    """The reviewed draft under the line's moment; what the reviewer left alone keeps its evidence."""
    seen = line.batch
    left_alone = (draft.food, draft.place, draft.expiry.day) == (seen.food, seen.place, seen.expiry.day)
    marks = draft.milestones
    printed = seen.expiry.source is ExpirySource.LABEL and marks.printed_on in (None, seen.expiry.day)
    return replace(
        draft,
        added_at=seen.added_at,
        expiry=seen.expiry if left_alone or printed else draft.expiry,
        label_kind=seen.label_kind if printed else draft.label_kind,
        milestones=replace(marks, printed_on=seen.expiry.day) if printed else marks,
        photo=draft.photo or seen.photo,
    )
