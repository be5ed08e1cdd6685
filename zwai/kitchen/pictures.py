"""Which photo stands for a name: assigned by a member, or found by its own name."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import SequenceMatcher

from storage import batches, photos, pictures
from storage.db import Read, Write
from zwai.kitchen import journal
from zwai.knowledge.names import label_key, resolve
from zwai.records.ids import new_id
from zwai.records.people import HouseholdId, Language, Member
from zwai.records.photos import Photo, PhotoId
from zwai.records.pictures import Picture, Reference, ReferenceId
from zwai.records.stock import Act, Change

# Below it a name is another one; the number is the one that the mobile client has always been answered by.
ALIKE = 0.8
# From here on a picture is taken without a person choosing it: "leche de coco" must not stand for "leche".
SURE = 0.9
SAME_FOOD = 0.95
SAME_WORDS = 0.85


@dataclass(frozen=True, slots=True)
class Likeness:
    """A picture and how well its name fits the one asked for: 1 is the same name."""

    picture: Picture
    score: float


async def assign(tx: Write, member: Member, label: str, photo: PhotoId, now: datetime) -> Picture:
    """Have a name show a photo: in stock now, which can be undone, and when it is added later. Raises UnknownPhoto."""
    (found,) = await photos.of_household(tx, member.household, (photo,))
    picture, key = Picture(label, photo, found.purpose), label_key(label)
    await pictures.put(tx, member.household, key, picture, now)
    held = [batch for batch in await batches.of_label(tx, member.household, key, None) if batch.photo != photo]
    if held:
        changes = [Change(batch, replace(batch, photo=photo)) for batch in held]
        await batches.change(tx, [change.after for change in changes if change.after])
        await journal.record(tx, member, Act.CORRECT, changes, now)
    return picture


async def picture_of(tx: Read, member: Member, label: str) -> Picture | None:
    """The best picture for a name, if it is surely one of the same."""
    found = await similar(tx, member, label, 1)
    return found[0].picture if found and found[0].score >= SURE else None


async def similar(tx: Read, member: Member, label: str, limit: int, preferred: str | None = None) -> list[Likeness]:
    """The household's pictures whose names fit, best first; of equals, those of the `preferred` purpose."""
    household = member.household
    known = [
        *await pictures.assigned(tx, household),
        *await pictures.of_stock(tx, household),
        *await pictures.named(tx, household),
    ]
    fitting = ranked(label, known, member.language)
    fitting.sort(key=lambda one: (-one.score, one.picture.purpose != preferred))
    return fitting[:limit]


def ranked(label: str, known: Iterable[Picture], language: Language) -> list[Likeness]:
    """The pictures whose names are like `label`, best first; of one photo the best name counts."""
    best: dict[PhotoId, Likeness] = {}
    scores: dict[str, float] = {}  # a hundred photos may have one name
    for picture in known:
        if (score := scores.get(picture.label)) is None:
            score = scores[picture.label] = likeness(label, picture.label, language)
        if score >= ALIKE and (picture.photo not in best or score > best[picture.photo].score):
            best.pop(picture.photo, None)  # among equals the first that was so good stays first
            best[picture.photo] = Likeness(picture, score)
    return sorted(best.values(), key=lambda one: -one.score)


def likeness(one: str, other: str, language: Language) -> float:
    """How alike two names are, from 0 to 1: the same, the same food, the same words, the same letters."""
    mine, theirs = label_key(one), label_key(other)
    if mine == theirs:
        return 1.0
    foods = [match.food.id for name in (one, other) if (match := resolve(name, language))]
    if len(foods) == 2 and foods[0] == foods[1]:
        return SAME_FOOD
    words, others = set(mine.split()), set(theirs.split())
    if words <= others or others <= words:
        return SAME_WORDS
    if len(foods) == 2:
        return 0.0  # limón is not melón, however it is spelt
    matcher = SequenceMatcher(None, mine, theirs, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= ALIKE else 0.0


async def keep_reference(tx: Write, photo: Photo, label: str, category: str, now: datetime) -> Reference:
    """Make a photo, just kept, a reference image."""
    await photos.add(tx, photo)
    reference = Reference(ReferenceId(new_id(now)), photo.id, label, category, now)
    await pictures.add_reference(tx, photo.household, reference)
    return reference


# One reference image, and a page of them: nothing to add to the rows.
reference, references = pictures.get_reference, pictures.page_references


async def rename_reference(
    tx: Write, household: HouseholdId, reference_id: ReferenceId, label: str | None, category: str | None
) -> Reference:
    """None leaves a name as it is. Raises UnknownReference."""
    before = await pictures.get_reference(tx, household, reference_id)
    after = replace(
        before,
        label=before.label if label is None else label,
        category=before.category if category is None else category,
    )
    await pictures.update_reference(tx, household, after)
    return after


async def drop_reference(tx: Write, household: HouseholdId, reference_id: ReferenceId) -> None:
    """The photo stays among the household's, since a recognition or a batch may show it. Raises UnknownReference."""
    await pictures.delete_reference(tx, household, reference_id)
