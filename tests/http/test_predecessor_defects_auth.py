"""What went wrong in the service that clients spoke to before, about accounts, profiles, images and operators.

The table names each defect and the test that fails if it comes back; those that no other file is about follow below.
"""

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.http.expecting import refused
from tests.service import PHOTOS, Client, running, signed_in

Guest = Callable[[], Awaitable[Client]]
ROOT = Path(__file__).parents[1]

# The defect · where its test is · how that is called
DEFECTS = """
refreshing never worked · http/test_accounts · test_a_refresh_token_is_traded_for_a_pair_that_works
two refreshes with one token: a race · http/test_accounts · test_ten_refreshes_at_once_with_one_token_all_succeed
a stolen refresh token was never noticed · http/test_accounts · test_a_token_used_again_after_its_successor_was_used_ends_the_session
one theft signed out every device · http/test_accounts · test_theft_on_one_device_leaves_the_others_signed_in
signing out never worked · http/test_accounts · test_signing_out_ends_access_and_refresh_at_once
signing out left the access token valid · http/test_accounts · test_signing_out_ends_access_and_refresh_at_once
a refresh token opened what an access token opens · http/test_accounts · test_each_kind_of_token_opens_only_its_own_door
sign-in told no expires_in · http/test_firebase · test_signing_in_answers_what_the_mobile_client_reads
a second sign-in provider for one person failed · http/test_firebase · test_the_same_person_keeps_their_account_whatever_provider_they_come_by
who has no e-mail was refused · http/test_firebase · test_one_who_has_no_email_gets_in_and_keeps_the_one_they_had
an anonymous sign-in emptied the e-mail · http/test_firebase · test_one_who_has_no_email_gets_in_and_keeps_the_one_they_had
sign-in adopted the account of an e-mail · http/test_firebase · test_an_email_never_finds_anothers_account
signing in overwrote the profile and blanked the phone · http/test_firebase · test_what_a_person_changed_is_not_overwritten_by_the_next_sign_in
emailVerified was false and authProvider unknown · http/test_firebase · test_signing_in_answers_what_the_mobile_client_reads
a uid of 128 characters did not fit · http/test_firebase · test_a_uid_of_128_characters_and_overlong_claims_are_fine
tokens and e-mails were printed to the log · http/test_firebase · test_no_token_and_no_email_is_logged
keys that could not be fetched were a 401 or a 500 · http/test_firebase · test_a_key_server_that_is_gone_is_a_503
the debug address told paths, bucket, project and e-mail · http/test_firebase · test_the_debug_address_gives_nothing_away
a guest login gave tokens of an existing account · http/test_accounts · test_a_guest_login_is_always_a_new_account_even_with_the_same_email
a guest could not become an account · http/test_firebase · test_a_guests_stock_stays_theirs_when_they_sign_in
a guest's e-mail of a registered account: a raw SQL error · http/test_accounts · test_a_guest_login_never_finds_a_registered_account
an e-mail without form was taken · http/test_predecessor_defects_auth · test_a_guest_who_gives_no_email_address_as_one_is_refused
guests had no profile · http/test_profile · test_a_guest_has_a_profile_and_may_change_it
a changed profile was read as it had been for ten minutes · http/test_profile · test_a_changed_profile_is_read_at_once_and_by_its_owner_alone
reading a profile blanked the phone · http/test_predecessor_defects_auth · test_reading_a_profile_changes_nothing_of_it
a profile took any keys, of any size · http/test_profile · test_unknown_keys_are_left_out_and_much_is_refused
a profile took any value · http/test_accounts · test_a_bad_value_in_a_profile_is_refused_and_changes_nothing
a bodyless write needed a JSON content type · http/test_predecessor_defects_auth · test_a_write_without_a_body_needs_no_content_type
JSON of another type: a page of HTML · http/test_every_route · test_a_body_of_another_type_is_refused
the limits of the classes never applied · http/test_predecessor_defects_auth · test_the_limit_of_a_class_is_a_429_that_says_when
one member's excess blocked their whole address · http/dispatch/test_limits · test_accounts_and_classes_are_counted_apart
X-Forwarded-For was believed from anybody · http/test_predecessor_defects_auth · test_a_made_up_forwarded_address_does_not_escape_the_limit
any X-Admin-Token lifted the limits · http/test_predecessor_defects_auth · test_no_header_lifts_the_limits
an unset secret let everybody in · http/test_every_route · test_where_no_secret_is_set_the_operators_routes_are_closed
the operator's secret was compared loosely · http/test_admin · test_the_secret_opens_and_nothing_else_does
expired tokens counted as active · http/test_admin · test_tokens_are_counted_by_what_became_of_them
cleaning up was never done by itself · storage/test_people · test_sessions_and_refresh_tokens_are_forgotten_once_they_have_expired
answers held tracebacks and paths · http/dispatch/test_answers · test_a_fault_of_ours_says_nothing_of_itself
answers echoed uid and headers · http/test_predecessor_defects_auth · test_a_refusal_echoes_nothing_that_was_sent
/status told host, database, tables and rows · http/test_predecessor_defects_auth · test_the_public_addresses_tell_nothing_of_the_inside
every origin might read every answer · http/dispatch/test_answers · test_no_page_from_elsewhere_may_read_answers
idempotency keys were shared by everybody · http/test_idempotency · test_households_do_not_share_keys
searching similar images never worked · http/test_images · test_similar_images_are_an_array_with_every_field_the_client_requires
similar images lacked the type · http/test_images · test_similar_images_are_an_array_with_every_field_the_client_requires
images were matched over everybody's · http/test_images · test_the_search_never_leaves_the_household
assigning ignored the address · http/test_images · test_an_assigned_photo_is_shown_by_what_is_in_stock_at_once
nothing found was an error elsewhere, here it is an empty object · http/test_images · test_without_a_photo_and_without_a_match_the_answer_is_an_empty_object
anybody's photo could be named · http/test_images · test_a_photo_of_others_cannot_be_assigned
anybody's photo could be recognised · http/test_bad_photos · test_a_foreign_photo_is_as_unknown_as_none
names of images were unique over everybody · http/test_photos · test_two_photos_may_have_one_name
a text named .png was taken as a photo · http/test_bad_photos · test_a_file_that_is_no_good_photo_is_refused
a photo of exactly the limit never passed · http/test_predecessor_defects_auth · test_a_photo_as_large_as_the_limit_passes
a bad inventory upload was a 500 · http/test_bad_photos · test_a_form_without_a_photo_is_refused
signed addresses were stored and ran out · http/test_profile · test_the_address_of_a_picture_is_kept_without_its_signature
a failed image was ready, with a placeholder of others · http/test_images · test_a_placeholder_is_no_image
addresses of images were relative · http/test_photos · test_an_uploaded_photo_answers_the_strings_that_the_client_requires
page 0 was not refused · http/test_images · test_a_page_that_cannot_be_is_refused
"""  # noqa: E501
ROWS = [[part.strip() for part in row.split(" · ")] for row in DEFECTS.strip().splitlines()]


@pytest.mark.parametrize(("defect", "file", "name"), ROWS, ids=[row[0] for row in ROWS])
def test_a_defect_has_its_test(defect: str, file: str, name: str) -> None:
    assert re.search(rf"^(?:async )?def {name}\(", (ROOT / f"{file}.py").read_text(), re.MULTILINE), defect


# Accounts and profiles


@pytest.mark.parametrize("email", ["x", "a@", "@b.com", "a b@c.com", 1, []])
async def test_a_guest_who_gives_no_email_address_as_one_is_refused(stranger: Client, email: Any) -> None:
    refused(await stranger.post("/api/auth/guest-login", json={"email": email}), 422)


async def test_reading_a_profile_changes_nothing_of_it(client: Client) -> None:
    await client.put("/api/user/profile", json={"phone": "+51 999", "allergyItems": [{"name": "maní"}]})
    first, second = [(await client.get("/api/user/profile")).json for _ in range(2)]
    assert first == second
    assert (second["phone"], second["allergyItems"]) == ("+51 999", [{"name": "maní"}])


@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain"])
async def test_a_write_without_a_body_needs_no_content_type(
    client: Client, stranger: Client, content_type: str | None
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    refreshed = await replace(client, token=client.refresh_token).post("/api/auth/refresh", headers=headers)
    assert refreshed.status == 200
    here = replace(client, token=refreshed.json["access_token"])
    assert (await here.delete("/api/user/profile/picture", headers=headers)).status == 200
    assert (await here.post("/api/auth/logout", headers=headers)).status == 200


# Limits


@pytest.fixture
async def limited(http: ClientSession, tmp_path: Path) -> Any:
    """A stranger before a service that lets an address sign in three times a minute."""
    async with running(tmp_path, rate_limits="on", limit_sign_in=3) as service:
        yield Client(http, service.url)


async def test_the_limit_of_a_class_is_a_429_that_says_when(limited: Client) -> None:
    replies = [await limited.post("/api/auth/guest-login") for _ in range(4)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429]
    told = refused(replies[-1], 429, "too_many")
    assert replies[-1].headers["Retry-After"] in told["error"]


async def test_a_made_up_forwarded_address_does_not_escape_the_limit(limited: Client) -> None:
    replies = [
        await limited.post(
            "/api/auth/guest-login", headers={"X-Forwarded-For": f"10.0.0.{n}", "X-Real-IP": f"10.0.0.{n}"}
        )
        for n in range(4)
    ]
    assert [reply.status for reply in replies] == [200, 200, 200, 429]


async def test_no_header_lifts_the_limits(limited: Client) -> None:
    headers = {"X-Admin-Token": "x", "X-Test-Suite": "x", "X-Internal-Secret": "x"}
    replies = [await limited.post("/api/auth/guest-login", headers=headers) for _ in range(4)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429]


# What answers and logs give away


async def test_a_refusal_echoes_nothing_that_was_sent(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sent = {"X-Strange": "echo-me-not", "User-Agent": "echo-me-not"}
    body = {"email": "no@address@echo-me-not", "language": "echo-me-not"}
    for reply in (
        await client.put("/api/user/profile", json=body, headers=sent),
        await client.get("/api/nothing", headers=sent),
        await client.get("/api/reference-images/" + "0" * 32, headers=sent),
    ):
        assert reply.status in (404, 422)
        assert b"echo-me-not" not in reply.body
        assert (client.user or {})["uid"].encode() not in reply.body
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("zwai")]
    assert ours and "echo-me-not" not in "\n".join(ours)


@pytest.mark.parametrize("path", ["/", "/status", "/health/live", "/health/ready", "/api/capabilities"])
async def test_the_public_addresses_tell_nothing_of_the_inside(stranger: Client, path: str) -> None:
    body = (await stranger.get(path)).body.decode().lower()
    assert not re.search(r"sqlite://|mysql\+|redis://|/tmp/|traceback|password|batches|sessions|secret|\.db", body)


# Photos


async def test_a_photo_as_large_as_the_limit_passes(http: ClientSession, tmp_path: Path) -> None:
    photo = (PHOTOS / "lemon.jpg").read_bytes()
    full = photo + b"\0" * (1_000_000 - len(photo))  # what follows the end of a JPEG is not looked at
    async with running(tmp_path, max_photo_mb=1) as service:
        client = await signed_in(http, service.url)
        assert (await client.upload(full)).status == 201
        refused(await client.upload(full + b"\0"), 413, "image_too_large")
