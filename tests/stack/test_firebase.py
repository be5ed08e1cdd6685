"""First sign-ins with Firebase at once, on MariaDB, where transactions of strangers do not stand in line."""

import asyncio
from datetime import UTC, datetime

from sqlalchemy import func, select

from storage.db import Database
from storage.schema import accounts as accounts_table
from zwai.errors import Conflict, TransactionLost
from zwai.kitchen import accounts
from zwai.kitchen.accounts import NewAccount
from zwai.kitchen.firebase import FirebaseUser
from zwai.records.people import AccountId, Language

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
ANA = FirebaseUser("uid-of-five-at-once", "five@example.com", True, "Ana", None)


async def test_of_five_first_sign_ins_at_once_one_opens_the_account_and_the_rest_find_it(database: Database) -> None:
    new = NewAccount(ANA.name, ANA.email, Language.ES)
    barrier = asyncio.Barrier(5)

    async def sign_in() -> AccountId | None:
        await barrier.wait()
        try:
            async with database.write() as tx:
                return await accounts.with_firebase(tx, ANA, None, new, "America/Lima", NOW)
        except (Conflict, TransactionLost):  # what the door answers by trying again
            return None

    first, again = [await asyncio.gather(*(sign_in() for _ in range(5))) for _ in range(2)]
    (account,) = {one for one in first if one is not None}
    assert set(again) - {None} == {account}
    async with database.read() as tx:
        mine = select(func.count()).where(accounts_table.c.email == ANA.email)
        assert await tx.scalar(mine) == 1
