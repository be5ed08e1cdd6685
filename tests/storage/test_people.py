"""Accounts and their sessions: what is kept of them, and for how long."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from storage import people
from storage.schema import accounts, refresh_tokens, sessions
from tests.storage.households import NOON, opened
from zwai.kitchen.accounts import NewAccount, refresh, visit
from zwai.kitchen.tokens import REFRESH_LIFE, TokenKeys
from zwai.records.people import Language

KEYS = TokenKeys("current-" * 4)


async def test_sessions_and_refresh_tokens_are_forgotten_once_they_have_expired(tmp_path: Path) -> None:
    day = timedelta(days=1)
    async with opened(tmp_path) as database:
        async with database.write() as tx:
            guest = await visit(tx, NewAccount("", None, Language.ES), "America/Lima", KEYS, NOON)
            await refresh(tx, guest.tokens.refresh_token, KEYS, NOON + day)
        kept = []
        for now in (NOON, NOON + REFRESH_LIFE, NOON + REFRESH_LIFE + day):
            async with database.write() as tx:
                await people.purge(tx, now)
                tables = (accounts, sessions, refresh_tokens)
                kept.append([await tx.scalar(select(func.count()).select_from(table)) for table in tables])
    assert kept == [[1, 1, 2], [1, 1, 1], [1, 0, 0]]
