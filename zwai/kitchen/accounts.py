"""Who somebody is: registering, signing in, refreshing, signing out."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ai.passwords import NOBODYS_HASH, check_password, hash_password
from ai.pool import Pool
from storage import people
from storage.db import Read, Write
from zwai.errors import EmailTaken, NotAGuest, WrongPassword
from zwai.kitchen.firebase import FirebaseUser
from zwai.kitchen.tokens import REFRESH_LIFE, TokenKeys, TokenPair, fingerprint, mint_pair
from zwai.records.ids import new_id
from zwai.records.people import (
    Account,
    AccountId,
    Credential,
    HouseholdId,
    Language,
    Member,
    Provider,
    RefreshToken,
    SessionId,
)

# A client without a lock refreshes several times at once with the same token; all of them succeed.
GRACE = timedelta(seconds=30)
PASSWORD_DEADLINE_S = 10.0


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What a person gives to begin: guests may leave everything out."""

    name: str
    email: str | None
    language: Language


@dataclass(frozen=True, slots=True)
class SignedIn:
    account: Account
    tokens: TokenPair


class Refusal(StrEnum):
    """Why a refresh token is refused. ENDED: its session has ended, or ends now since the token was stolen."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    ENDED = "ended"


class Passwords:
    """Hashes and proves passwords in worker processes: each costs tens of milliseconds of CPU, on purpose."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def hash(self, password: str) -> str:
        return await self._pool.run(hash_password, password, deadline_s=PASSWORD_DEADLINE_S)

    async def prove(self, credential: Credential | None, password: str) -> AccountId:
        """Whose password it is. Raises WrongPassword, as late for an unknown e-mail as for a known one."""
        known = credential.secret_hash if credential and credential.secret_hash else NOBODYS_HASH
        right = await self._pool.run(check_password, known, password, deadline_s=PASSWORD_DEADLINE_S)
        if credential is None or not right:
            raise WrongPassword
        return credential.account


async def local_credential(tx: Read, email: str) -> Credential | None:
    return await people.find_credential(tx, Provider.LOCAL, email_subject(email))


async def register(
    tx: Write, new: NewAccount, password_hash: str, time_zone: str, keys: TokenKeys, now: datetime
) -> SignedIn:
    """A local account with a household of its own. Raises EmailTaken."""
    assert new.email is not None
    subject = email_subject(new.email)
    if await people.find_credential(tx, Provider.LOCAL, subject) is not None:
        raise EmailTaken
    account = await _open_account(tx, new, Provider.LOCAL, time_zone, now)
    await people.add_credential(tx, Credential(account.id, Provider.LOCAL, subject, password_hash), now)
    return SignedIn(account, await _open_session(tx, account, keys, now))


async def visit(tx: Write, new: NewAccount, time_zone: str, keys: TokenKeys, now: datetime) -> SignedIn:
    """A guest: always a new account, never one found by e-mail, since nothing proves whose that is."""
    account = await _open_account(tx, new, Provider.GUEST, time_zone, now)
    await people.add_credential(tx, Credential(account.id, Provider.GUEST, account.id, None), now)
    return SignedIn(account, await _open_session(tx, account, keys, now))


async def with_firebase(
    tx: Write, user: FirebaseUser, guest: Member | None, new: NewAccount, time_zone: str, now: datetime
) -> AccountId:
    """The account of somebody whom Firebase has proven: theirs, else the guest's that they have been, else a new one.

    It is found by Firebase's own id, never by an e-mail. Raises NotAGuest.
    """
    credential = await people.find_credential(tx, Provider.FIREBASE, user.uid)
    if credential is not None:
        account = await people.get_account(tx, credential.account)
    else:
        account = await _to_become(tx, guest, new, time_zone, now)
        await people.add_credential(tx, Credential(account.id, Provider.FIREBASE, user.uid, None), now)
    await people.update_account(tx, _told_by(user, account))
    return account.id


async def sign_in(tx: Write, account_id: AccountId, keys: TokenKeys, now: datetime) -> SignedIn:
    """Open a session for an account whose credential has been proven."""
    account = replace(await people.get_account(tx, account_id), last_login_at=now)
    await people.update_account(tx, account)
    return SignedIn(account, await _open_session(tx, account, keys, now))


async def refresh(tx: Write, refresh_token: str, keys: TokenKeys, now: datetime) -> TokenPair | Refusal:
    """Trade a refresh token for a new pair.

    One that comes again yields a sibling pair within GRACE, or at any time while none of its
    successors has been used; else somebody has a copy, and the whole session ends. The refusal is
    returned, not raised, so that ending the session is committed.
    """
    token = await people.find_refresh_token(tx, fingerprint(refresh_token))
    if token is None:
        return Refusal.UNKNOWN
    if token.expires_at <= now:
        return Refusal.EXPIRED
    session = await people.session(tx, token.session, now)
    if session is None:
        return Refusal.ENDED
    if token.used_at is None:
        await people.use_refresh_token(tx, token.hash, now)
    elif now - token.used_at > GRACE and await people.successor_used(tx, token.hash):
        await people.end_sessions(tx, [token.session], now)
        return Refusal.ENDED
    await people.extend_session(tx, token.session, now + REFRESH_LIFE)
    return await _issue(tx, AccountId(session.account), token.session, token.hash, keys, now)


async def sign_out(tx: Write, member: Member, now: datetime) -> None:
    """End the caller's session, on this device only."""
    await people.end_sessions(tx, [member.session], now)


def email_subject(email: str) -> str:
    """An e-mail address as the name of a credential: without its case."""
    return email.strip().casefold()


async def _to_become(tx: Write, guest: Member | None, new: NewAccount, time_zone: str, now: datetime) -> Account:
    if guest is None:
        return await _open_account(tx, new, Provider.FIREBASE, time_zone, now)
    account = await people.get_account(tx, guest.account)
    if account.provider is not Provider.GUEST:
        raise NotAGuest
    return account


def _told_by(user: FirebaseUser, account: Account) -> Account:
    """What Firebase knows fills what is empty. An e-mail counts as proven only while it is the one that it proved."""
    known = replace(
        account,
        provider=Provider.FIREBASE if account.provider is Provider.GUEST else account.provider,
        name=account.name or user.name,
        photo_url=account.photo_url or user.photo_url,
    )
    guests = account.provider is Provider.GUEST  # who signs in as a guest may give anybody's e-mail
    if user.email and (guests or account.email in (None, "", user.email)):
        return replace(known, email=user.email, email_verified=user.email_verified)
    return known


async def _open_account(tx: Write, new: NewAccount, provider: Provider, time_zone: str, now: datetime) -> Account:
    household = HouseholdId(new_id(now))
    await people.add_household(tx, household, time_zone, now)
    account = Account(
        id=AccountId(new_id(now)),
        household=household,
        provider=provider,
        name=new.name,
        email=new.email,
        email_verified=False,
        photo_url=None,
        language=new.language,
        preferences={},
        created_at=now,
        last_login_at=now,
    )
    await people.add_account(tx, account)
    return account


async def _open_session(tx: Write, account: Account, keys: TokenKeys, now: datetime) -> TokenPair:
    session = SessionId(new_id(now))
    await people.add_session(tx, session, account.id, now, now + REFRESH_LIFE)
    return await _issue(tx, account.id, session, None, keys, now)


async def _issue(
    tx: Write, account: AccountId, session: SessionId, parent: str | None, keys: TokenKeys, now: datetime
) -> TokenPair:
    pair = mint_pair(keys, account, session, now)
    token = RefreshToken(fingerprint(pair.refresh_token), session, parent, now, now + REFRESH_LIFE, None)
    await people.add_refresh_token(tx, token)
    return pair
