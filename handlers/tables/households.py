"""Routes of households, and the end of an account."""

from handlers import households
from handlers.route import Limit, Replay, Route

# A row reads best as a few lines.
# fmt: off


def _deleting(method: str, path: str, summary: str) -> Route:
    return Route(
        method, path, households.delete_account, summary,
        answer=households.GoneSchema, limit=Limit.WRITE, replay=Replay.KEYED_BY_ACCOUNT, deadline_s=60.0,
        tags=("accounts",),
    )


ROUTES = (
    Route(
        "GET", "/api/household", households.show, "Your household and who is in it",
        answer=households.HouseholdSchema, limit=Limit.READ, tags=("households",),
    ),
    Route(
        "GET", "/api/households/members", households.members, "Who is in your household",
        answer=households.MembersSchema, limit=Limit.READ, tags=("households",),
    ),
    Route(
        "POST", "/api/households/invitations", households.invite,
        "A code by which one account may join within seven days; told once, never stored",
        answer=households.InvitationSchema, limit=Limit.SIGN_IN, statuses=(201,), tags=("households",),
    ),
    Route(
        "POST", "/api/households/join", households.join,
        "Join by a code; the stock that is yours alone comes along only when asked, else it goes",
        body=households.JoinSchema, answer=households.MovedSchema, limit=Limit.SIGN_IN,
        replay=Replay.KEYED_BY_ACCOUNT, tags=("households",),
    ),
    Route(
        "POST", "/api/households/leave", households.leave,
        "Leave for an empty household; the one you leave goes with its last member",
        answer=households.MovedSchema, limit=Limit.WRITE, replay=Replay.KEYED_BY_ACCOUNT, tags=("households",),
    ),
    Route(
        "DELETE", "/api/households/members/{account_id}", households.remove,
        "Put another member out; any member may",
        answer=households.MembersSchema, limit=Limit.WRITE, replay=Replay.KEYED, tags=("households",),
    ),
    _deleting("DELETE", "/api/user/account", "Delete your account; your household goes with its last member"),
    _deleting("DELETE", "/api/user/profile", "The same, under an address of clients"),
    _deleting("POST", "/api/user/profile/delete-request", "The same, under another address of clients"),
)
