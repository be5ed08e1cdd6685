"""Routes about the service itself."""

from handlers import metrics, system
from handlers.route import Auth, Route

ROUTES = (
    Route("GET", "/", system.about, "What this service is", answer=system.AboutSchema, auth=Auth.NONE),
    Route("GET", "/status", system.status, "Whether it runs", answer=system.StatusSchema, auth=Auth.NONE),
    Route("GET", "/health/live", system.live, "Whether the process answers", auth=Auth.NONE, always=True),
    Route(
        "GET",
        "/health/ready",
        system.ready,
        "Each part and its state",
        answer=system.ReadySchema,
        auth=Auth.NONE,
        statuses=(200, 503),
        always=True,
    ),
    Route(
        "GET",
        "/metrics",
        metrics.show,
        "Counts and gauges of this process, for Prometheus",
        auth=Auth.NONE,
        always=True,
    ),
    Route(
        "GET",
        "/api/capabilities",
        system.capabilities,
        "Engines, limits, formats and languages",
        answer=system.CapabilitiesSchema,
        auth=Auth.NONE,
    ),
    Route("GET", "/api/openapi.json", system.openapi, "This document", auth=Auth.NONE),
    Route("GET", "/docs", system.docs, "Try the API in the browser", auth=Auth.NONE),
    Route("GET", "/docs/explorer.js", system.docs_script, "Its script", auth=Auth.NONE),
    Route("GET", "/docs/explorer.css", system.docs_style, "Its style", auth=Auth.NONE),
)
