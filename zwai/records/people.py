"""Who is who: accounts, households, members and their sessions."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

AccountId = NewType("AccountId", str)
HouseholdId = NewType("HouseholdId", str)
SessionId = NewType("SessionId", str)


class Language(StrEnum):
    """The languages that answers are written in; Spanish is the default."""

    ES = "es"
    EN = "en"


class Provider(StrEnum):
    """How a credential proves who somebody is."""

    LOCAL = "local"
    GUEST = "guest"
    FIREBASE = "firebase"


@dataclass(frozen=True, slots=True)
class Account:
    """A person. `preferences` holds what the client's profile screens keep, as they sent it."""

    id: AccountId
    household: HouseholdId
    provider: Provider
    name: str
    email: str | None
    email_verified: bool
    photo_url: str | None
    language: Language
    preferences: dict[str, Any]
    created_at: datetime
    last_login_at: datetime


@dataclass(frozen=True, slots=True)
class Credential:
    """One way to sign in to an account. `subject` is the e-mail (local) or the provider's own id."""

    account: AccountId
    provider: Provider
    subject: str
    secret_hash: str | None


@dataclass(frozen=True, slots=True)
class Member:
    """One signed-in person in a household: what every kitchen function needs to know of the caller."""

    account: AccountId
    household: HouseholdId
    session: SessionId
    language: Language
    time_zone: str


@dataclass(frozen=True, slots=True)
class Housemate:
    """What the members of a household see of each other."""

    account: AccountId
    name: str
    photo_url: str | None


@dataclass(frozen=True, slots=True)
class Household:
    id: HouseholdId
    time_zone: str
    created_at: datetime
    members: tuple[Housemate, ...]


@dataclass(frozen=True, slots=True)
class Invitation:
    """Lets one account join; only the hash of its code is kept. `account` is who invites."""

    code_hash: str
    household: HouseholdId
    account: AccountId
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A stored refresh token; only its hash is kept. `parent`: the hash of the one that it was traded for."""

    hash: str
    session: SessionId
    parent: str | None
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None
