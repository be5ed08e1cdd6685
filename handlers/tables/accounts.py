"""Routes of signing in."""

from handlers import accounts
from handlers.route import Auth, Limit, Route

# A row reads best as a few lines.
# fmt: off
ROUTES = (
    Route(
        "POST", "/api/auth/guest-login", accounts.guest_login, "Begin as a guest, with a household of your own",
        body=accounts.GuestSchema, answer=accounts.SignedInSchema, auth=Auth.NONE, limit=Limit.SIGN_IN,
        tags=("accounts",),
    ),
    Route(
        "POST", "/api/auth/register", accounts.register, "Open a local account",
        body=accounts.RegisterSchema, answer=accounts.SignedInSchema, auth=Auth.NONE, limit=Limit.SIGN_IN,
        statuses=(201,), tags=("accounts",),
    ),
    Route(
        "POST", "/api/auth/login", accounts.login, "Sign in with e-mail and password",
        body=accounts.LoginSchema, answer=accounts.SignedInSchema, auth=Auth.NONE, limit=Limit.SIGN_IN,
        tags=("accounts",),
    ),
    Route(
        "POST", "/api/auth/firebase-signin", accounts.firebase_signin, "Trade an ID token of Firebase for our tokens",
        answer=accounts.FirebaseSignedInSchema, auth=Auth.FIREBASE, limit=Limit.SIGN_IN, tags=("accounts",),
    ),
    Route(
        "GET", "/api/auth/firebase-debug", accounts.firebase_debug, "Whether sign-in with Firebase is set up",
        answer=accounts.FirebaseStateSchema, auth=Auth.NONE, tags=("accounts",),
    ),
    Route(
        "POST", "/api/auth/refresh", accounts.refresh, "Trade the refresh token for a new pair",
        answer=accounts.TokensSchema, auth=Auth.REFRESH, limit=Limit.REFRESH, tags=("accounts",),
    ),
    Route(
        "POST", "/api/auth/logout", accounts.logout, "End this session at once",
        answer=accounts.LogoutSchema, limit=Limit.WRITE, tags=("accounts",),
    ),
)
