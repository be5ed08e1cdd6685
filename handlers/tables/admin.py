"""Routes of whoever runs the service; each asks for the operator's secret."""

from typing import Any

from handlers import admin, system
from handlers.route import Auth, Handler, Limit, Route

SWEEP_S = 120.0


# A row reads best as a few lines.
# fmt: off
def _internal(method: str, path: str, handler: Handler, summary: str, answer: Any, **more: Any) -> Route:
    limit = Limit.READ if method == "GET" else Limit.WRITE
    return Route(
        method, path, handler, summary, answer=answer, auth=Auth.INTERNAL, limit=limit, tags=("admin",), **more
    )


ROUTES = (
    _internal("POST", "/api/admin/cleanup-tokens", admin.cleanup_tokens, "Forget sessions whose time is over",
              admin.CleanedSchema),
    _internal("GET", "/api/admin/security-stats", admin.security_stats, "Refresh tokens, counted",
              admin.SecurityStatsSchema),
    _internal("GET", "/api/admin/users", admin.users, "Accounts, without names", admin.UsersSchema,
              query=admin.UsersQuerySchema),
    _internal("GET", "/api/admin/stats", admin.stats, "How much there is of everything", admin.StatsSchema),
    _internal("GET", "/api/admin/health", system.ready, "Each part and its state", system.ReadySchema,
              statuses=(200, 503)),
    _internal("POST", "/api/admin/sync_images", admin.sync_images, "Take in pictures, remove ownerless files",
              admin.SyncedSchema, deadline_s=SWEEP_S),
    _internal("POST", "/api/image_management/sync_images", admin.sync_images, "The same, under its old address",
              admin.SyncedSchema, deadline_s=SWEEP_S),
)
