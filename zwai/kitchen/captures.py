"""One capture: photos of any kind and scanned codes are looked at together, and become one proposal."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from ai.pool import Pool
from ai.work import scan
from storage.db import Database, Write
from storage.files import Files
from zwai.errors import Unavailable
from zwai.kitchen import inventory, joining, printed_dates, products, receipts, recognition, shop_words
from zwai.kitchen.expiry import PRINTED_ON_THE_LABEL, expiry_of, place_for
from zwai.kitchen.gs1 import barcode
from zwai.kitchen.inventory import NewItem, today_of
from zwai.kitchen.joining import Meanings, Purchase
from zwai.kitchen.looking import LOOK_DEADLINE_S, Recogniser, Told
from zwai.kitchen.reading import Reader
from zwai.kitchen.recognition import Proposal
from zwai.knowledge import catalogue
from zwai.knowledge.tips import tips_of
from zwai.records.captures import PhotoKind, Shot, Thing
from zwai.records.ids import new_id
from zwai.records.people import Member
from zwai.records.photos import Aim, Copy, Decision, Engine, PhotoId, Recognition, RecognitionId
from zwai.records.products import Product
from zwai.records.proposals import Line, LineId
from zwai.records.reading import Barcode, Gtin, TextLine
from zwai.records.stock import ONE_PIECE, Batch, ExpiryDate, ExpirySource, LabelKind

NEVER_SENT = (PhotoKind.RECEIPT, PhotoKind.LABEL)
LOOKED_AT = (None, PhotoKind.FOOD)
LONGEST_KEPT = timedelta(days=31)
LARGEST_AMOUNT = Decimal(1_000_000)  # that one may type: what multiplies to more was misread
A_PAPER = 12  # pieces of text: what has more is printed matter, and may show names and cards


@dataclass(frozen=True, slots=True)
class Asked:
    """A photo of a capture, and what it was taken for, where that was said."""

    photo: PhotoId
    kind: PhotoKind | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """What is asked of one. `again`: Gemini is to look at every photo, receipts and labels too."""

    photos: tuple[Asked, ...]
    scanned: tuple[Barcode, ...]
    aim: Aim
    again: bool = False


@dataclass(frozen=True, slots=True)
class Captured:
    """What the photos of a capture show, and the lines that come of it, not stored yet."""

    shots: tuple[Shot, ...]
    recognition: Recognition
    lines: tuple[Line, ...]


class Captures:
    """Looks at the photos of captures by all that there is on the device."""

    def __init__(self, database: Database, recogniser: Recogniser, reader: Reader, pool: Pool, files: Files) -> None:
        self._database, self._recogniser, self._reader = database, recogniser, reader
        self._pool, self._files = pool, files

    async def look(self, capture: Capture, member: Member, now: datetime, told: Told | None = None) -> Captured:
        """See all that is in the photos, join it, and name it as the household does.

        Raises PoolFull, JobTimedOut, WorkerDied.
        """
        shots = await self._shots(capture, member, now, told)
        codes = {code.gtin for shot in shots for code in shot.codes} | {code.gtin for code in capture.scanned}
        async with self._database.read(member.household) as tx:
            known = await products.known(tx, member.household, {gtin for gtin in codes if gtin})
            bought = [
                (one, await shop_words.meanings(tx, member.household, one.receipt, member.language))
                for one in joining.purchases(shots)
            ]
        # Each bought thing is held against each code: 600 and 300 take half a second.
        return await asyncio.to_thread(_captured, capture, shots, known, bought, member, now)

    async def _shots(self, capture: Capture, member: Member, now: datetime, told: Told | None) -> list[Shot]:
        try:
            async with asyncio.TaskGroup() as group:
                looks = [group.create_task(self._look_at(one, capture, member, now)) for one in capture.photos]
                for done, next_look in enumerate(asyncio.as_completed(looks), 1):
                    await next_look
                    if told is not None:
                        await told(done)
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed  # one photo's error is the capture's
        return [look.result() for look in looks]

    async def _look_at(self, asked: Asked, capture: Capture, member: Member, now: datetime) -> Shot:
        """Codes are cheap and looked for everywhere; text takes a second, so it is read where no food is seen."""
        photo, today = asked.photo, today_of(member, now)
        codes = await self._scan(photo, today)
        looks = asked.kind in LOOKED_AT
        seen = await self._recogniser.look_here(photo, capture.aim, member) if looks else []
        found = any(one.decision is not Decision.SUGGESTION for one in seen)
        reads = asked.kind in NEVER_SENT or (asked.kind is None and not found)
        lines, error = await self._read(photo) if reads else ([], "")
        shot = Shot(photo, codes=codes, error=error)
        shot = await asyncio.to_thread(_said, shot, asked.kind, lines, today) if lines else shot
        engine, sightings = Engine.LOCAL, seen
        if capture.again or (looks and _may_be_sent(shot, asked.kind, len(lines))):
            engine, sightings = await self._recogniser.look_further(
                photo, capture.aim, member, seen, again=capture.again
            )
        return replace(shot, engine=engine, sightings=tuple(sightings))

    async def _scan(self, photo: PhotoId, today: date) -> tuple[Barcode, ...]:
        path = await self._files.find(photo, Copy.DISPLAY)
        scans = await self._pool.run(scan, path, deadline_s=LOOK_DEADLINE_S, last=True)
        codes = (barcode(one.text, today, one.box) for one in scans)
        return tuple(code for code in codes if code is not None)

    async def _read(self, photo: PhotoId) -> tuple[list[TextLine], str]:
        """The text in a photo, and the code of why it could not be read: what else is in the capture counts anyway."""
        try:
            return await self._reader.read(photo), ""
        except Unavailable as error:
            return [], error.code


def _said(shot: Shot, kind: PhotoKind | None, lines: Sequence[TextLine], today: date) -> Shot:
    """With what its text says. The days on a receipt are none of a pack's."""
    receipt = receipts.parsed(lines, today) if kind is not PhotoKind.LABEL else None
    dated = receipt is None and kind is not PhotoKind.RECEIPT
    return replace(shot, receipt=receipt, dates=tuple(printed_dates.found(lines, today)) if dated else ())


def _may_be_sent(shot: Shot, kind: PhotoKind | None, pieces: int) -> bool:
    """What was said to be food, or was read and is neither receipt, label nor other paper."""
    paper = shot.error or shot.receipt or shot.dates or pieces > A_PAPER
    return kind is PhotoKind.FOOD or not paper


async def propose(tx: Write, captured: Captured, now: datetime) -> Proposal:
    """Store what was captured as lines to review. Changes no stock."""
    return await recognition.offer(tx, captured.recognition, captured.lines, now)


def _captured(
    capture: Capture,
    shots: Sequence[Shot],
    known: Mapping[Gtin, Product],
    bought: Sequence[tuple[Purchase, Meanings]],
    member: Member,
    now: datetime,
) -> Captured:
    recognised = Recognition(
        id=RecognitionId(new_id(now)),
        household=member.household,
        account=member.account,
        aim=capture.aim,
        engine=Engine.GEMINI if any(shot.engine is Engine.GEMINI for shot in shots) else Engine.LOCAL,
        photos=tuple(shot.photo for shot in shots),
        created_at=now,
        receipts=tuple(receipts.told(one.receipt) | {"photo": str(one.place)} for one, _ in bought),
    )
    things = joining.merged(shots, capture.scanned, known, bought, member.language)
    lines = (_line(member, recognised.id, believable(one), now) for one in things)
    return Captured(tuple(shots), recognised, tuple(lines))


def believable(thing: Thing) -> Thing:
    """With one piece to confirm in place of more than one may type: no stock could hold it on every database."""
    if thing.quantity.amount <= LARGEST_AMOUNT:
        return thing
    doubted = Decision.CONFIRM if thing.decision is Decision.ITEM else thing.decision
    return replace(thing, quantity=ONE_PIECE, decision=doubted)


def _line(member: Member, recognised: RecognitionId, thing: Thing, now: datetime) -> Line:
    return Line(
        id=LineId(new_id(now)),
        recognition=recognised,
        position=0,
        batch=_drafted(member, thing, now),
        confidence=thing.confidence or 0.0,
        decision=thing.decision,
        rule=thing.rule,
        box=thing.box,
        accepted_batch=None,
        accepted_at=None,
        evidence=thing.evidence,
    )


def _drafted(member: Member, thing: Thing, now: datetime) -> Batch:
    """As the stock would have it; a food that the label does not say in the member's language still gives its days."""
    item = NewItem(
        label=thing.label,
        kind=thing.kind,
        quantity=thing.quantity,
        photo=thing.photo,
        dish=thing.dish,
        expiry=ExpiryDate(thing.day.day, ExpirySource.LABEL, PRINTED_ON_THE_LABEL) if thing.day else None,
        label_kind=thing.day.kind if thing.day else LabelKind.BEST_BEFORE,
    )
    draft, today = inventory.draft(member, item, now), today_of(member, now)
    food_id, since = thing.food or draft.food, _bought_on(thing, today)
    food = catalogue.load().food(food_id) if food_id else None
    if food is not None and draft.food != food.id:
        place = place_for(food, thing.kind)
        draft = replace(draft, food=food.id, place=place, tips=tips_of(food, place, member.language))
    elif since == today:
        return draft
    return replace(draft, expiry=item.expiry or expiry_of(food, thing.kind, draft.place, since))


def _bought_on(thing: Thing, today: date) -> date:
    """What was bought days ago has kept for as many; what an old receipt tells says nothing of today's stock."""
    told = thing.evidence.get("bought_on")
    bought_on = date.fromisoformat(told) if told else today
    return bought_on if today - LONGEST_KEPT <= bought_on <= today else today
