"""What a person tells of themself, and what they have done."""

from dataclasses import replace
from typing import Any

from storage import figures, people, photos
from storage.db import Read, Write
from storage.figures import Deed, HouseholdFigures
from zwai.errors import TooLarge
from zwai.kitchen.photo_urls import photo_id_of
from zwai.records.people import Account, Member
from zwai.records.photos import Copy, PhotoId
from zwai.records.stock import EntryKey

MOST_SWITCHES = 50
PORTRAIT = "profile"  # what a photo that shows a member was uploaded for


async def profile(tx: Read, member: Member) -> Account:
    return await people.get_account(tx, member.account)


async def change(tx: Write, member: Member, changes: dict[str, Any]) -> Account:
    """Apply `name`, `email`, `photo_url`, `language` and further preferences; what is absent stays.

    Raises UnknownPhoto when `photo_url` names a photo of ours that is not the household's.
    """
    account = await people.get_account(tx, member.account)
    preferences = {**account.preferences, **changes.get("preferences", {})}
    own: dict[str, Any] = {name: changes[name] for name in ("name", "email", "language") if name in changes}
    if "photo_url" in changes:
        own["photo_url"] = await _portrait(tx, account, member, changes["photo_url"])
    proven = account.email_verified and own.get("email", account.email) == account.email
    changed = replace(account, preferences=preferences, email_verified=proven, **own)
    await people.update_account(tx, changed)
    return changed


async def change_switches(tx: Write, member: Member, group: str, switches: dict[str, Any]) -> dict[str, Any]:
    """Keep choices under `group`; those left out stay. The client acts on them, nothing here does. Raises TooLarge."""
    account = await people.get_account(tx, member.account)
    kept = {**account.preferences.get(group, {}), **switches}
    if len(kept) > MOST_SWITCHES:
        raise TooLarge({"limit": MOST_SWITCHES})
    await people.update_account(tx, replace(account, preferences={**account.preferences, group: kept}))
    return kept


async def statistics(tx: Read, member: Member) -> HouseholdFigures:
    """What the household has and did, counted."""
    return await figures.of_household(tx, member.household)


async def activity(tx: Read, member: Member, limit: int, before: EntryKey | None = None) -> tuple[list[Deed], bool]:
    """The member's own changes of stock, newest first, and whether there are older ones."""
    deeds = await figures.deeds(tx, member.household, member.account, limit + 1, before)
    return deeds[:limit], len(deeds) > limit


def portrait_path(photo: PhotoId) -> str:
    """How an account keeps a photo of ours: an address that is signed anew each time it is shown."""
    return f"/photos/{photo}/{Copy.DISPLAY}"


async def _portrait(tx: Read, account: Account, member: Member, address: str | None) -> str | None:
    photo = photo_id_of(address or "")
    if photo is None:
        return address
    if (path := portrait_path(photo)) != account.photo_url:  # it comes back with every profile
        await photos.of_household(tx, member.household, (photo,))
    return path
