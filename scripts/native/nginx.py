"""Nginx, natively: deploy/nginx.conf with its values filled in."""

import os
import re
import signal

from scripts.native.processes import answers
from scripts.native.stack import OWNER, ROOT, Part, Stack


def prepare_nginx(stack: Stack) -> None:
    (stack.folder / "nginx").mkdir(parents=True, exist_ok=True)
    template = (ROOT / "deploy" / "nginx.conf").read_text()
    stack.path("etc", "nginx.conf").write_text(render(template, {**nginx_values(stack), **os.environ}))


def nginx_values(stack: Stack) -> dict[str, str]:
    """Limits are wide open unless the environment says otherwise: all clients of this machine are one address."""
    return {
        "NGINX_FOLDER": str(stack.folder / "nginx"),
        "NGINX_LISTEN": f"127.0.0.1:{stack.port('nginx')}",
        "NGINX_APP1": f"127.0.0.1:{stack.port('app1')}",
        "NGINX_APP2": f"127.0.0.1:{stack.port('app2')}",
        "NGINX_READS": "20000r/s",
        "NGINX_CHANGES": "10000r/s",
        "NGINX_UPLOADS": "2000r/s",
        "NGINX_SIGN_INS": "2000r/s",
    }


def render(template: str, values: dict[str, str]) -> str:
    """Fill in ${NGINX_…}, as envsubst does in the container."""
    return re.sub(r"\$\{(NGINX_\w+)\}", lambda match: values[match[1]], template)


def run_nginx(stack: Stack) -> list[str]:
    whose = f"user {OWNER};" if os.geteuid() == 0 else ""
    conf = str(stack.path("etc", "nginx.conf"))
    return ["nginx", "-p", str(stack.folder / "nginx"), "-c", conf, "-e", "stderr", "-g", f"daemon off; {whose}"]


def nginx_ready(stack: Stack) -> bool:
    return answers(stack.port("nginx"))


NGINX = Part("nginx", ("nginx",), prepare_nginx, run_nginx, nginx_ready, stop_signal=signal.SIGQUIT)
