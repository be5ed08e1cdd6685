"""Accounts, their credentials and households, and the sessions in which they are signed in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from storage.cache import CachedSession
from storage.db import Read, Write
from storage.schema import accounts, credentials, households, refresh_tokens, sessions
from zwai.errors import NotFound
from zwai.records.people import (
    Account,
    AccountId,
    Credential,
    HouseholdId,
    Language,
    Provider,
    RefreshToken,
    SessionId,
)


async def add_household(tx: Write, household: HouseholdId, time_zone: str, now: datetime) -> None:
    await tx.execute(insert(households).values(id=household, version=0, time_zone=time_zone, created_at=now))


async def add_account(tx: Write, account: Account) -> None:
    await tx.execute(
        insert(accounts).values(
            id=account.id,
            household_id=account.household,
            provider=account.provider,
            name=account.name,
            email=account.email,
            email_verified=account.email_verified,
            photo_url=account.photo_url,
            language=account.language,
            preferences=account.preferences,
            created_at=account.created_at,
            last_login_at=account.last_login_at,
        )
    )


async def update_account(tx: Write, account: Account) -> None:
    """Store what a profile or a sign-in may change."""
    await tx.execute(
        update(accounts)
        .where(accounts.c.id == account.id)
        .values(
            provider=account.provider,
            name=account.name,
            email=account.email,
            email_verified=account.email_verified,
            photo_url=account.photo_url,
            language=account.language,
            preferences=account.preferences,
            last_login_at=account.last_login_at,
        )
    )


async def get_account(tx: Read, account: AccountId) -> Account:
    """Raises NotFound."""
    row = await tx.first(select(accounts).where(accounts.c.id == account))
    if row is None:
        raise NotFound
    return _account(row)


async def of_household(tx: Read, household: HouseholdId) -> list[Account]:
    """All who live in it, the oldest account first."""
    query = select(accounts).where(accounts.c.household_id == household).order_by(accounts.c.created_at, accounts.c.id)
    return [_account(row) for row in await tx.all(query)]


async def page(tx: Read, limit: int, after: AccountId | None) -> list[Account]:
    """Accounts of every household in the order in which they were opened, which is that of their ids."""
    query = select(accounts).order_by(accounts.c.id).limit(limit)
    return [_account(row) for row in await tx.all(query if after is None else query.where(accounts.c.id > after))]


async def add_credential(tx: Write, credential: Credential, now: datetime) -> None:
    await tx.execute(
        insert(credentials).values(
            provider=credential.provider,
            subject=credential.subject,
            account_id=credential.account,
            secret_hash=credential.secret_hash,
            created_at=now,
        )
    )


async def find_credential(tx: Read, provider: Provider, subject: str) -> Credential | None:
    row = await tx.first(
        select(credentials).where(credentials.c.provider == provider, credentials.c.subject == subject)
    )
    return row and Credential(AccountId(row.account_id), Provider(row.provider), row.subject, row.secret_hash)


async def time_zone(tx: Read, household: HouseholdId) -> str:
    zone: str = await tx.scalar(select(households.c.time_zone).where(households.c.id == household))
    return zone


async def add_session(tx: Write, session: SessionId, account: AccountId, now: datetime, expires_at: datetime) -> None:
    await tx.execute(insert(sessions).values(id=session, account_id=account, created_at=now, expires_at=expires_at))


async def session(tx: Read, session: SessionId, now: datetime) -> CachedSession | None:
    """A live session with what every request needs to know of its account, or None."""
    found = await session_and_version(tx, session, now)
    return found[0] if found else None


async def session_and_version(tx: Read, session: SessionId, now: datetime) -> tuple[CachedSession, int] | None:
    """The same, with the version of its household."""
    row = await tx.first(
        select(
            sessions.c.id,
            sessions.c.account_id,
            sessions.c.expires_at,
            accounts.c.household_id,
            accounts.c.language,
            households.c.time_zone,
            households.c.version,
        )
        .join(accounts, accounts.c.id == sessions.c.account_id)
        .join(households, households.c.id == accounts.c.household_id)
        .where(sessions.c.id == session, sessions.c.ended_at.is_(None), sessions.c.expires_at > now)
    )
    if row is None:
        return None
    kept = CachedSession(
        row.id, row.account_id, row.household_id, row.language, row.time_zone, row.expires_at.timestamp()
    )
    return kept, row.version


async def extend_session(tx: Write, session: SessionId, expires_at: datetime) -> None:
    await tx.execute(update(sessions).where(sessions.c.id == session).values(expires_at=expires_at))


async def end_sessions(tx: Write, ids: Sequence[SessionId], now: datetime) -> None:
    await tx.execute(update(sessions).where(sessions.c.id.in_(ids), sessions.c.ended_at.is_(None)).values(ended_at=now))


async def purge(tx: Write, now: datetime) -> tuple[int, int]:
    """Forget sessions and refresh tokens whose time is over; a session takes its tokens with it. Answers how many."""
    tokens = await tx.execute(delete(refresh_tokens).where(refresh_tokens.c.expires_at <= now))
    return await tx.execute(delete(sessions).where(sessions.c.expires_at <= now)), tokens


async def add_refresh_token(tx: Write, token: RefreshToken) -> None:
    await tx.execute(
        insert(refresh_tokens).values(
            hash=token.hash,
            session_id=token.session,
            parent=token.parent,
            issued_at=token.issued_at,
            expires_at=token.expires_at,
        )
    )


async def find_refresh_token(tx: Write, token_hash: str) -> RefreshToken | None:
    """The token, locked: two refreshes with one token go one after the other."""
    row = await tx.first(select(refresh_tokens).where(refresh_tokens.c.hash == token_hash).with_for_update())
    return row and RefreshToken(
        row.hash, SessionId(row.session_id), row.parent, row.issued_at, row.expires_at, row.used_at
    )


async def use_refresh_token(tx: Write, token_hash: str, now: datetime) -> None:
    await tx.execute(update(refresh_tokens).where(refresh_tokens.c.hash == token_hash).values(used_at=now))


async def successor_used(tx: Read, token_hash: str) -> bool:
    """Whether any token that this one was traded for has been used in turn."""
    row = await tx.first(
        select(refresh_tokens.c.hash)
        .where(refresh_tokens.c.parent == token_hash, refresh_tokens.c.used_at.is_not(None))
        .limit(1)
    )
    return row is not None


def _account(row: Row[Any]) -> Account:
    return Account(
        id=AccountId(row.id),
        household=HouseholdId(row.household_id),
        provider=Provider(row.provider),
        name=row.name,
        email=row.email,
        email_verified=row.email_verified,
        photo_url=row.photo_url,
        language=Language(row.language),
        preferences=row.preferences,
        created_at=row.created_at,
        last_login_at=row.last_login_at,
    )
