"""Rate limits: who is counted, and the headers that tell how much is left."""

from ipaddress import IPv6Address, ip_address, ip_network

from storage.cache import LimitPolicy, Verdict
from zwai.errors import TooMany


def refuse_beyond(verdict: Verdict | None) -> None:
    """Raises TooMany when the limit is used up."""
    if verdict is not None and not verdict.allowed:
        raise TooMany({"retry_after": verdict.reset_s})


def policy_header(policy: LimitPolicy) -> str:
    """RateLimit-Policy as the IETF draft writes it: quota and window in seconds."""
    return f'"{policy.name}";q={policy.limit};w={policy.window_s}'


def limit_header(policy: LimitPolicy, verdict: Verdict) -> str:
    """RateLimit as the IETF draft writes it: what remains, and seconds until the window begins anew."""
    return f'"{policy.name}";r={verdict.remaining};t={verdict.reset_s}'


def address_group(remote: str | None) -> str:
    """Whom an address counts for: itself, or its /64, since one IPv6 customer owns that many."""
    try:
        address = ip_address(remote or "")
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return str(address)
