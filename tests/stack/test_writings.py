"""What was written of foods, on a real MariaDB."""

from storage.db import Database
from tests.gemini import fake_gemini
from tests.storage.test_writings import write_at_once


async def test_processes_that_write_the_same_at_the_same_time_agree(database: Database) -> None:
    async with fake_gemini() as fake:
        assert await write_at_once(database, fake, 4) == [1] * 4
