"""Idempotency-Key: a request that comes again gets the answer that the first one got."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import orjson

from handlers.answer import Answer
from handlers.shielded import to_its_end
from storage import replays
from storage.db import Database, Write
from zwai.errors import BadKey, Conflict, RequestInFlight, StorageFull, TransactionLost, Unavailable, ZwaiError
from zwai.records.ids import new_id
from zwai.records.people import HouseholdId

LONGEST_KEY = 200
# Beyond the route's deadline: by then the holder of a claim has surely stopped.
LEASE_MARGIN = timedelta(seconds=10)
MOST_LEFT = 1000
REPLAYED = {"Idempotent-Replayed": "true"}


class Replayed(Exception):
    """Not an error: the request was answered before; `answer` is what it got."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


class KeyedRequest:
    """One request with an Idempotency-Key, from its claim to the stored answer.

    `left`: claims of this process whose requests ended while the database was away, for the next one to release.
    """

    def __init__(
        self,
        database: Database,
        left: set[replays.Claim],
        household: HouseholdId,
        key_id: str,
        deadline_s: float,
        now: datetime,
    ) -> None:
        self._database = database
        self._left = left
        self._household = household
        self._key_id = key_id
        self._lease = timedelta(seconds=deadline_s) + LEASE_MARGIN
        self._now = now
        self._claim: replays.Claim | None = None

    async def claim(self, fingerprint: str) -> None:
        """Commit a claim on the key. Raises Replayed, KeyReused, RequestInFlight."""
        mine = self._claim = replays.Claim(self._key_id, new_id(self._now))  # who is cut off meanwhile gives it up
        try:
            try:
                stored = await self._claimed(mine, fingerprint)
            except RequestInFlight:
                raise
            except (Conflict, TransactionLost):  # its twin was faster, by so little that the first look missed it
                stored = await self._claimed(mine, fingerprint)
        except Unavailable:  # it may have been committed all the same
            self._leave(mine)
            raise
        except ZwaiError:
            self._claim = None
            raise
        if stored is not None:
            self._claim = None
            raise Replayed(Answer(stored.status, stored.body, REPLAYED))

    async def _claimed(self, mine: replays.Claim, fingerprint: str) -> replays.StoredAnswer | None:
        left = tuple(self._left)
        async with self._database.write() as tx:
            if left:
                await replays.release(tx, left)
            stored = await replays.claim(tx, self._household, mine, fingerprint, self._now, self._lease)
        self._left.difference_update(left)
        return stored

    async def store(self, tx: Write, answer: Answer) -> None:
        """Turn the claim into `answer`, in the transaction of the effect."""
        if self._claim is not None:
            await replays.store(tx, self._claim, answer.status, answer.body)

    def stored(self) -> None:
        """The transaction that stored the answer is committed."""
        self._claim = None

    async def settle(self, answer: Answer) -> None:
        """Store an answer that no transaction carried, alone; give the claim up for one that a retry may better."""
        if self._claim is None:
            return
        if answer.status >= 500 or answer.status == 429:
            await self.give_up()
            return
        claim, self._claim = self._claim, None
        await to_its_end(self._store_alone(claim, answer))

    async def _store_alone(self, claim: replays.Claim, answer: Answer) -> None:
        """The caller has an answer, whether it can be stored or not."""
        try:
            async with self._database.write() as tx:
                await replays.store(tx, claim, answer.status, answer.body)
        except (Unavailable, StorageFull):
            if answer.status >= 400:  # what was done is not done again before the lease ends
                self._leave(claim)

    async def give_up(self) -> None:
        """Let the next request with this key start afresh, even while this one is being cancelled."""
        if self._claim is not None:
            claim, self._claim = self._claim, None
            await to_its_end(self._release(claim))

    async def _release(self, claim: replays.Claim) -> None:
        try:
            async with self._database.write() as tx:
                await replays.release(tx, (claim,))
        except (Unavailable, StorageFull):
            self._leave(claim)

    def _leave(self, claim: replays.Claim) -> None:
        self._claim = None
        if len(self._left) < MOST_LEFT:  # a claim that is not even remembered ends with its lease
            self._left.add(claim)


def check_key(key: str) -> str:
    """Raises BadKey unless `key` is 1 to 200 visible ASCII characters."""
    if not 1 <= len(key) <= LONGEST_KEY or not all("!" <= character <= "~" for character in key):
        raise BadKey
    return key


def fingerprint_of(query: Iterable[tuple[str, str]], document: Any) -> str:
    """The same for the same request, however its JSON is spaced and its members are ordered."""
    canonical = orjson.dumps([sorted(query), document], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(canonical).hexdigest()
