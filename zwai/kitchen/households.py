"""Who shares a kitchen: inviting, joining, leaving, removing a member, and deleting an account.

The stock belongs to the household, so it stays there when a member goes; with the last one, all of it goes.
"""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from storage import batches, households, people, photos
from storage.db import Read, Write, raise_version
from storage.files import Files
from zwai.errors import (
    CannotRemoveYourself,
    StockIsShared,
    TokenRevoked,
    TooManyInvitations,
    UnknownInvitation,
    UnknownMember,
    UnknownPhoto,
    ZwaiError,
)
from zwai.kitchen import inventory
from zwai.kitchen.photo_urls import photo_id_of
from zwai.kitchen.profiles import PORTRAIT
from zwai.records.ids import new_id
from zwai.records.people import AccountId, Household, HouseholdId, Invitation, Member, SessionId
from zwai.records.photos import PhotoId
from zwai.records.stock import Batch

INVITATION_LIFE = timedelta(days=7)
MOST_INVITATIONS = 20
# Crockford's 32 digits, without those that are mistaken for others; eight of them are 40 bits.
CODE_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 8
MISTAKEN = str.maketrans("OIL", "011", "- ")
JOINED = "joined"  # what the journal says of stock that came along
DELETED_AT_ONCE = 8

log = logging.getLogger("zwai.households")


@dataclass(frozen=True, slots=True)
class Invited:
    """The code to pass on: shown once, stored as a hash."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """An account that changed its household, or went: what the cache and the files must forget after the commit."""

    household: HouseholdId
    brought: tuple[Batch, ...]
    sessions: Sequence[SessionId]
    photos: Sequence[PhotoId]


async def show(tx: Read, member: Member) -> Household:
    return await households.get(tx, member.household)


async def invite(tx: Write, member: Member, now: datetime) -> Invited:
    """A code by which one account may join within INVITATION_LIFE. Raises TooManyInvitations."""
    await _housemates(tx, member)
    if await households.open_invitations(tx, member.household, now) >= MOST_INVITATIONS:
        raise TooManyInvitations({"most": MOST_INVITATIONS})
    code = "".join(secrets.choice(CODE_DIGITS) for _ in range(CODE_LENGTH))
    expires_at = now + INVITATION_LIFE
    await households.add_invitation(
        tx, Invitation(code_hash(code), member.household, member.account, now, expires_at, None)
    )
    return Invited(f"{code[:4]}-{code[4:]}", expires_at)


def code_hash(code: str) -> str:
    """How a code is stored, however it is typed: case, spaces, dashes and look-alikes don't count."""
    return hashlib.sha256(code.upper().translate(MISTAKEN).encode()).hexdigest()


async def join(tx: Write, member: Member, code: str, now: datetime, *, bring_stock: bool) -> Moved:
    """Move the caller to the household of an invitation, with the stock that is theirs alone when asked.

    Who is there already stays. Raises UnknownInvitation, StockIsShared, StockFull.
    """
    await _housemates(tx, member)
    invitation = await households.find_invitation(tx, code_hash(code))
    if invitation is None or invitation.expires_at <= now:
        raise UnknownInvitation
    if invitation.household == member.household:
        return Moved(member.household, (), (), ())
    if invitation.used_at is not None:
        raise UnknownInvitation
    alone = await _is_alone(tx, member)
    if bring_stock and not alone:
        raise StockIsShared
    await raise_version(tx, invitation.household)
    await households.use_invitation(tx, invitation.code_hash, now)
    packed = await _pack(tx, member.household, invitation.household) if bring_stock else []
    moved = await _move(tx, member, member.account, invitation.household, alone=alone)
    there = replace(member, household=invitation.household)
    brought = await inventory.store(tx, there, packed, now, reason=JOINED)
    return replace(moved, brought=brought.batches)


async def leave(tx: Write, member: Member, now: datetime) -> Moved:
    """Open an empty household for the caller; what they shared stays with the others, if there are any."""
    alone = await _is_alone(tx, member)
    return await _move(tx, member, member.account, await _open(tx, member, now), alone=alone)


async def remove(tx: Write, member: Member, account: AccountId, now: datetime) -> Moved:
    """Put another member out, into an empty household of their own. Any member may; nobody owns a household.

    Raises UnknownMember, CannotRemoveYourself.
    """
    if account == member.account:
        raise CannotRemoveYourself
    if account not in await _housemates(tx, member):
        raise UnknownMember
    return await _move(tx, member, account, await _open(tx, member, now), alone=False)


async def delete_account(tx: Write, member: Member) -> Moved:
    """End the caller's account at once: credentials, sessions, profile; the household with its last member."""
    alone = await _is_alone(tx, member)
    sessions = await households.sessions_of(tx, member.account)
    await households.delete_invitations(tx, member.household, member.account)
    portrait = await _portrait(tx, member.household, member.account, alone=alone)
    await households.delete_account(tx, member.account, member.household)
    if alone:
        return Moved(member.household, (), sessions, await households.purge(tx, member.household))
    gone = [portrait] if portrait else []
    await households.delete_photos(tx, gone, member.household)
    return Moved(member.household, (), sessions, gone)


async def delete_files(files: Files, gone: Iterable[PhotoId]) -> None:
    """Delete the copies of photos whose rows are gone; those that cannot be now are swept later."""
    slots = asyncio.Semaphore(DELETED_AT_ONCE)

    async def delete(photo: PhotoId) -> None:
        async with slots:
            try:
                await files.delete(photo)
            except (ZwaiError, OSError) as error:
                log.warning("photo %s is left to be swept: %s", photo, error)

    await asyncio.gather(*(delete(photo) for photo in gone))


async def _is_alone(tx: Read, member: Member) -> bool:
    return len(await _housemates(tx, member)) == 1


async def _housemates(tx: Read, member: Member) -> set[AccountId]:
    """Everybody in the caller's household. Raises TokenRevoked when the caller went after this request came in."""
    accounts = {one.account for one in await households.members(tx, member.household)}
    if member.account not in accounts:
        raise TokenRevoked
    return accounts


async def _open(tx: Write, member: Member, now: datetime) -> HouseholdId:
    opened = HouseholdId(new_id(now))
    await people.add_household(tx, opened, member.time_zone, now)
    return opened


async def _move(tx: Write, member: Member, account: AccountId, target: HouseholdId, *, alone: bool) -> Moved:
    await households.delete_invitations(tx, member.household, account)
    if portrait := await _portrait(tx, member.household, account, alone=alone):
        await households.move_photos(tx, {portrait}, member.household, target)
    await households.move(tx, account, target)
    sessions = await households.sessions_of(tx, account)
    return Moved(target, (), sessions, await households.purge(tx, member.household) if alone else [])


async def _portrait(tx: Read, household: HouseholdId, account: AccountId, *, alone: bool) -> PhotoId | None:
    """The photo that shows the account, if it may be taken along: what others may use too stays with them."""
    kept = (await people.get_account(tx, account)).photo_url or ""
    if not kept.startswith("/photos/") or (photo := photo_id_of(kept)) is None:
        return None
    try:
        (found,) = await photos.of_household(tx, household, (photo,))
    except UnknownPhoto:
        return None
    return found.id if alone or found.purpose == PORTRAIT else None


async def _pack(tx: Write, source: HouseholdId, target: HouseholdId) -> list[Batch]:
    """Take the whole stock out of a household, with the photos that it shows."""
    held, _ = await inventory.page(tx, source)
    await batches.remove(tx, source, [batch.id for batch in held])
    shown = {batch.photo for batch in held if batch.photo is not None}
    await households.move_photos(tx, shown, source, target)
    return [replace(batch, household=target) for batch in held]
