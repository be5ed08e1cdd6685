"""The service itself, natively: two app processes and a worker, and what they share."""

import os
import subprocess
from collections.abc import Callable

from scripts.native import gemini
from scripts.native.processes import fetches, tail
from scripts.native.stack import PORTS, PYTHON, ROOT, Failed, Part, Stack


def environment(stack: Stack) -> dict[str, str]:
    """The settings that every process of the service shares."""

    def address(server: str) -> str:
        return f"mysql+asyncmy://zwai:{stack.secret('database_password')}@127.0.0.1:{stack.port(server)}/zwai"

    stack.secret("secret_key")
    return {
        "ZWAI_PROFILE": "scaled",
        "ZWAI_DATABASE_URL_FILE": str(stack.keep_secret("database_url", address("primary"))),
        "ZWAI_DATABASE_REPLICA_URLS_FILE": str(stack.keep_secret("database_replica_urls", address("replica"))),
        "ZWAI_REDIS_URL": f"redis://127.0.0.1:{stack.port('redis')}/0",
        "ZWAI_QUEUE_URL": f"redis://127.0.0.1:{stack.port('queue')}/0",
        "ZWAI_SECRET_KEY_FILE": str(stack.path("secrets", "secret_key")),
        "ZWAI_DATA_DIR": str(stack.folder / "files"),
        "ZWAI_PUBLIC_URL": stack.url,
        "ZWAI_TRUSTED_PROXIES": "127.0.0.1",
        **gemini.settings(stack),
    }


def own_environment(stack: Stack, part: str) -> dict[str, str]:
    """What differs between the processes of the service."""
    share = str(max(1, (os.cpu_count() or 1) // 2))
    own = {"ZWAI_POOL_PROCESSES": os.environ.get("ZWAI_POOL_PROCESSES", share)}
    if part in PORTS:
        own |= {"ZWAI_HOST": "127.0.0.1", "ZWAI_PORT": str(stack.port(part)), "ZWAI_WORKERS": "1"}
    return own


def prepare_app(stack: Stack) -> None:
    subprocess.run([ROOT / "scripts" / "venv", "requirements.txt"], check=True)
    (stack.folder / "files").mkdir(parents=True, exist_ok=True)


def run_zwai(command: str) -> Callable[[Stack], list[str]]:
    return lambda _stack: [str(PYTHON), "-m", "zwai", command]


def migrate(stack: Stack) -> None:
    prepare_app(stack)
    command = [str(PYTHON), "-m", "zwai", "migrate"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment(stack)}, capture_output=True, text=True)
    stack.log("migrate").write_text(done.stdout + done.stderr)
    if done.returncode:
        raise Failed(f"zwai migrate failed; {stack.log('migrate')} ends with:\n{tail(stack.log('migrate'))}")
    print(done.stdout.strip(), flush=True)


def app_ready(name: str) -> Callable[[Stack], bool]:
    return lambda stack: fetches(f"http://127.0.0.1:{stack.port(name)}/health/live")


def worker_ready(stack: Stack) -> bool:
    """A worker has no port: that it takes jobs, it says in its log."""
    log = stack.log("worker")
    return log.exists() and b"takes jobs" in log.read_bytes()


def service(name: str, command: str, ready: Callable[[Stack], bool]) -> Part:
    def everything(stack: Stack) -> dict[str, str]:
        return {**environment(stack), **own_environment(stack, name)}

    return Part(name, (), prepare_app, run_zwai(command), ready, environment=everything)


APP1 = service("app1", "serve", app_ready("app1"))
APP2 = service("app2", "serve", app_ready("app2"))
WORKER = service("worker", "worker", worker_ready)
