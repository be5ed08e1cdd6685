"""How our records look in answers: the members and words that the mobile client reads."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from handlers.call import Call
from zwai.kitchen.expiry import days_left
from zwai.kitchen.inventory import Done, Shelf, today_of
from zwai.kitchen.keeping import rule_of
from zwai.kitchen.library import card_for
from zwai.kitchen.photo_urls import photo_id_of, sign, sign_card, sign_shared
from zwai.kitchen.tokens import TokenPair
from zwai.knowledge import references
from zwai.knowledge.words import render_place, render_unit
from zwai.records.jobs import Job, JobState
from zwai.records.people import Account, Language
from zwai.records.photos import Copy, PhotoId
from zwai.records.stock import Batch, ExpiryDate, ExpirySource, Kind

EXPIRY = (
    "expiration_date", "days_to_expire", "is_expired", "expiry_rule", "expiry_source", "expiry_assumed",
    "expiry_reference", "expiry_low", "expiry_high",
)  # fmt: skip


def photo_address(call: Call[Any, Any], photo: PhotoId | None, copy: Copy = Copy.DISPLAY) -> str | None:
    """An absolute address that opens without a token, since the client's image widget sends none."""
    if photo is None:
        return None
    return sign(call.kitchen.public_url, photo, copy, call.kitchen.photo_keys, call.now)


def picture(call: Call[Any, Any], one: Batch, photo: PhotoId | None = None) -> str:
    """What is shown for a batch: `photo` or its own, else the library's picture of its name, else a drawn card."""
    if (own := photo or one.photo) is not None:
        return sign(call.kitchen.public_url, own, Copy.DISPLAY, call.kitchen.photo_keys, call.now)
    base, keys = call.kitchen.public_url, call.kitchen.photo_keys
    if (found := call.kitchen.library.find(one.food, one.label_key)) is not None:
        return sign_shared(base, found, Copy.DISPLAY, keys, call.now)
    return sign_card(base, card_for(one.label, one.kind, one.food), keys, call.now)


def storage_path(photo: PhotoId) -> str:
    """What older clients send back in `images_paths`."""
    return f"/photos/{photo}/{Copy.DISPLAY}"


def task_state(job: Job) -> JobState:
    """A job's state in the four words that the mobile client knows."""
    return JobState.FAILED if job.state is JobState.CANCELLED else job.state


@lru_cache(maxsize=4096)
def day(value: date) -> str:
    """A day as the local midnight that the client sends it as; it has no zone, so no phone shifts it."""
    return f"{value.isoformat()}T00:00:00"


def tokens(pair: TokenPair) -> dict[str, Any]:
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "token_type": "Bearer",
        "expires_in": pair.expires_in_s,
        "access_jti": pair.access_jti,
        "refresh_jti": pair.refresh_jti,
    }


def portrait(call: Call[Any, Any], kept: str | None) -> str | None:
    """An account's picture: a photo of ours by its signed address, or an address elsewhere as it was given."""
    return photo_address(call, photo_id_of(kept)) if kept and kept.startswith("/photos/") else kept


def user(call: Call[Any, Any], account: Account) -> dict[str, Any]:
    return {
        "uid": account.id,
        "email": account.email or "",
        "name": account.name,
        "photo_url": portrait(call, account.photo_url) or "",
        "email_verified": account.email_verified,
        "createdAt": account.created_at,
        "lastLoginAt": account.last_login_at,
    }


def expiry(batch: Batch, today: date, language: Language) -> dict[str, Any]:
    """When a batch expires and where that date comes from."""
    shown = stack(batch, today, language)
    return {name: shown[name] for name in EXPIRY}


def origin(expiry: ExpiryDate, language: Language) -> str:
    """The row or the assumption that a date comes from, in the reader's language."""
    return references.said(expiry.reference, language)


def stack(batch: Batch, today: date, language: Language) -> dict[str, Any]:
    """One batch on its shelf, in one dictionary: lists make thousands a second."""
    until, quantity = batch.expiry, batch.quantity
    left = days_left(until.day, today)
    return {
        "batch_id": batch.id,
        "quantity": float(quantity.amount),
        "type_unit": render_unit(quantity.unit, language),
        "storage_type": render_place(batch.place, language),
        "state": batch.state,
        "added_at": batch.added_at,
        "expiration_date": day(until.day),
        "days_to_expire": left,
        "is_expired": left < 0,
        "expiry_rule": rule_of(batch),
        "expiry_source": until.source,
        "expiry_assumed": until.source is ExpirySource.ASSUMED,
        "expiry_reference": references.said(until.reference, language),
        "expiry_low": until.low,
        "expiry_high": until.high,
    }


def shelf(call: Call[Any, Any], held: Shelf, today: date) -> dict[str, Any]:
    """One name in the inventory with its stacks; what is told of the name is the newest stack's."""
    stacks = [stack(batch, today, call.language) for batch in held.batches]
    newest, last = held.newest, stacks[-1]
    shown = {
        "name": newest.label,
        "food_id": newest.food,
        "type_unit": last["type_unit"],
        "storage_type": last["storage_type"],
        "tips": newest.tips,
        "image_path": picture(call, newest),
        "stacks": stacks,
    }
    return shown | dish(newest) if held.kind is Kind.DISH else shown


def dish(batch: Batch) -> dict[str, Any]:
    """What is known of a cooked dish; calories are left out when nobody gave them."""
    facts = batch.dish
    known: dict[str, Any] = {"serving_quantity": batch.quantity.amount}
    if facts is None:
        return {"main_ingredients": [], "category": "general", "description": "", **known}
    known |= {"main_ingredients": facts.main_ingredients, "category": facts.category, "description": facts.description}
    return known if facts.calories is None else {**known, "calories": facts.calories}


def batch(call: Call[Any, Any], one: Batch) -> dict[str, Any]:
    """One batch by itself, as a change of stock answers it."""
    return {
        "name": one.label,
        "kind": one.kind,
        "food_id": one.food,
        "tips": one.tips,
        "image_path": picture(call, one),
        **stack(one, today_of(call.member, call.now), call.language),
        **(dish(one) if one.kind is Kind.DISH else {}),
    }


def done(call: Call[Any, Any], change: Done) -> dict[str, Any]:
    """What a change of stock left or took, and the journal's entry, by which it can be undone."""
    return {
        "items": [batch(call, one) for one in change.batches],
        "entry_id": change.entry and change.entry.id,
    }


def unit(call: Call[Any, Any], one: Batch) -> str:
    return render_unit(one.quantity.unit, call.language)


def sentence(call: Call[Any, Any], es: str, en: str) -> str:
    return en if call.language is Language.EN else es


def counted(call: Call[Any, Any], number: int, es: Sequence[str], en: Sequence[str]) -> str:
    """`number` with its noun, in the singular or the plural."""
    singular, plural = en if call.language is Language.EN else es
    return f"{number} {singular if number == 1 else plural}"
