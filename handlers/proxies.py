"""Where a request comes from, when trusted proxies stand before the service."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from aiohttp import web


class Proxies:
    """`trusted`: addresses or networks whose X-Forwarded-For is believed; nobody else's is."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._networks = [ip_network(one, strict=False) for one in trusted]

    def client(self, request: web.BaseRequest) -> str | None:
        """The address nearest to us that is not a trusted proxy's."""
        remote = request.remote
        if not self._networks or remote is None or not self._is_trusted(remote):
            return remote
        hops = [hop.strip() for value in request.headers.getall("X-Forwarded-For", []) for hop in value.split(",")]
        return next((hop for hop in reversed(hops) if not self._is_trusted(hop)), remote)

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)
