"""Households: who is in one, invitations to it, moving between two, and the end of one."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update

from storage.db import Read, Write
from storage.schema import accounts, claims, feedback, households, invitations, journal, metadata, photos, sessions
from zwai.errors import NotFound
from zwai.records.people import AccountId, Household, HouseholdId, Housemate, Invitation, SessionId
from zwai.records.photos import PhotoId


async def get(tx: Read, household: HouseholdId) -> Household:
    """Raises NotFound."""
    row = await tx.first(select(households).where(households.c.id == household))
    if row is None:
        raise NotFound
    return Household(HouseholdId(row.id), row.time_zone, row.created_at, await members(tx, household))


async def members(tx: Read, household: HouseholdId) -> tuple[Housemate, ...]:
    """Those who are in it, the oldest account first."""
    query = select(accounts.c.id, accounts.c.name, accounts.c.photo_url).where(accounts.c.household_id == household)
    rows = await tx.all(query.order_by(accounts.c.created_at, accounts.c.id))
    return tuple(Housemate(AccountId(row.id), row.name, row.photo_url) for row in rows)


async def move(tx: Write, account: AccountId, household: HouseholdId) -> None:
    """Put an account into another household."""
    await tx.execute(update(accounts).where(accounts.c.id == account).values(household_id=household))


async def sessions_of(tx: Read, account: AccountId) -> list[SessionId]:
    """The account's sessions that have not been ended."""
    query = select(sessions.c.id).where(sessions.c.account_id == account, sessions.c.ended_at.is_(None))
    return [SessionId(row.id) for row in await tx.all(query)]


async def add_invitation(tx: Write, invitation: Invitation) -> None:
    await tx.execute(
        insert(invitations).values(
            code_hash=invitation.code_hash,
            household_id=invitation.household,
            account_id=invitation.account,
            created_at=invitation.created_at,
            expires_at=invitation.expires_at,
        )
    )


async def find_invitation(tx: Write, code_hash: str) -> Invitation | None:
    """Locked until the end: of two who come with one code, the second sees that it is used."""
    row = await tx.first(select(invitations).where(invitations.c.code_hash == code_hash).with_for_update())
    return row and Invitation(
        row.code_hash,
        HouseholdId(row.household_id),
        AccountId(row.account_id),
        row.created_at,
        row.expires_at,
        row.used_at,
    )


async def use_invitation(tx: Write, code_hash: str, now: datetime) -> None:
    await tx.execute(update(invitations).where(invitations.c.code_hash == code_hash).values(used_at=now))


async def open_invitations(tx: Write, household: HouseholdId, now: datetime) -> int:
    """How many can still be used; those whose time is over are forgotten."""
    mine = invitations.c.household_id == household
    await tx.execute(delete(invitations).where(mine, invitations.c.expires_at <= now))
    query = select(func.count()).select_from(invitations).where(mine, invitations.c.used_at.is_(None))
    number: int = await tx.scalar(query)
    return number


async def delete_invitations(tx: Write, household: HouseholdId, account: AccountId) -> None:
    """Forget what somebody who goes has invited to."""
    these = (invitations.c.household_id == household, invitations.c.account_id == account)
    await tx.execute(delete(invitations).where(*these))


async def move_photos(tx: Write, ids: Collection[PhotoId], source: HouseholdId, target: HouseholdId) -> None:
    if ids:
        these = (photos.c.household_id == source, photos.c.id.in_(ids))
        await tx.execute(update(photos).where(*these).values(household_id=target))


async def delete_photos(tx: Write, ids: Collection[PhotoId], household: HouseholdId) -> None:
    if ids:
        await tx.execute(delete(photos).where(photos.c.household_id == household, photos.c.id.in_(ids)))


async def delete_account(tx: Write, account: AccountId, household: HouseholdId) -> None:
    """With its credentials, sessions and their tokens; what it did in the household stays, without saying who."""
    for table in (journal, feedback):
        theirs = (table.c.household_id == household, table.c.account_id == account)
        await tx.execute(update(table).where(*theirs).values(account_id=None))
    await tx.execute(delete(accounts).where(accounts.c.id == account))


async def purge(tx: Write, household: HouseholdId) -> list[PhotoId]:
    """Delete a household that nobody is in any more, and all that is its; answers the photos whose files can go.

    The claim of the very request that does this stays, to be turned into its answer.
    """
    found = await tx.all(select(photos.c.id).where(photos.c.household_id == household))
    for table in reversed(metadata.sorted_tables):
        if table is claims:
            await tx.execute(delete(claims).where(claims.c.household_id == household, claims.c.status.is_not(None)))
        elif "household_id" in table.c and table is not accounts:
            await tx.execute(delete(table).where(table.c.household_id == household))
    await tx.execute(delete(households).where(households.c.id == household))
    return [PhotoId(row.id) for row in found]
