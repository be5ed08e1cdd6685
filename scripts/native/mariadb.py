"""MariaDB, natively: a primary, and a replica that follows it by GTID."""

import os
import shutil
import subprocess
from collections.abc import Callable

from scripts.native.processes import tail
from scripts.native.stack import OWNER, ROOT, SEARCH, Failed, Part, Stack

PROGRAMS = ("mariadbd", "mariadb-install-db", "mariadb")


def prepare_database(name: str) -> Callable[[Stack], None]:
    def prepare(stack: Stack) -> None:
        home, temporary = stack.folder / name, stack.folder / f"{name}.tmp"
        temporary.mkdir(exist_ok=True)
        stack.path("etc", f"{name}.cnf").write_text(
            f"!include {ROOT}/deploy/mysql/server.cnf\n!include {ROOT}/deploy/mysql/{name}.cnf\n"
            f"[mariadbd]\nuser={OWNER}\ndatadir={home}\ntmpdir={temporary}\nport={stack.port(name)}\nbind_address=127.0.0.1\n"
            f"socket={stack.path('run', f'{name}.sock')}\npid_file={stack.path('run', f'{name}.mariadbd')}\n"
        )
        if (home / "mysql").exists():
            return
        # A first start that was interrupted begins anew.
        fresh = stack.folder / f"{name}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        command = ["mariadb-install-db", "--no-defaults", "--skip-test-db"]
        command += [f"--datadir=./{fresh.name}", f"--user={OWNER}"]
        command += ["--auth-root-authentication-method=socket", f"--auth-root-socket-user={OWNER}"]
        # Two servers that share a folder for temporary tables take each other's.
        env = {**os.environ, "PATH": SEARCH, "TMPDIR": str(temporary)}
        # By a relative path, since the script cannot do with spaces in it.
        done = subprocess.run(command, env=env, cwd=stack.folder, capture_output=True, text=True)
        stack.log(name).write_text(done.stdout + done.stderr)
        if done.returncode:
            raise Failed(f"mariadb-install-db failed; {stack.log(name)} ends with:\n{tail(stack.log(name))}")
        fresh.rename(home)

    return prepare


def run_database(name: str) -> Callable[[Stack], list[str]]:
    return lambda stack: ["mariadbd", f"--defaults-file={stack.path('etc', f'{name}.cnf')}"]


def sql(stack: Stack, name: str, statements: str) -> str | None:
    """Run SQL as the server's owner; None when the server doesn't answer or refuses."""
    command = ["mariadb", "--no-defaults", f"--socket={stack.path('run', f'{name}.sock')}", "--batch", "--vertical"]
    command += [f"--user={OWNER}", "--connect-timeout=2"]
    done = subprocess.run(command, input=statements, env={**os.environ, "PATH": SEARCH}, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def database_ready(name: str) -> Callable[[Stack], bool]:
    return lambda stack: sql(stack, name, "SELECT 1") is not None


def make_accounts(stack: Stack) -> None:
    """The database and its accounts; the replica gets them as it gets all else."""
    made = sql(
        stack,
        "primary",
        f"""
        CREATE DATABASE IF NOT EXISTS zwai;
        CREATE USER IF NOT EXISTS zwai@127.0.0.1 IDENTIFIED BY '{stack.secret("database_password")}';
        GRANT ALL ON `zwai%`.* TO zwai@127.0.0.1;
        GRANT REPLICA MONITOR ON *.* TO zwai@127.0.0.1;
        CREATE USER IF NOT EXISTS replication@127.0.0.1 IDENTIFIED BY '{stack.secret("replication_password")}';
        GRANT REPLICATION REPLICA ON *.* TO replication@127.0.0.1;
        """,
    )
    if made is None:
        raise Failed(f"The database's accounts could not be made; the log is {stack.log('primary')}")


def follow_primary(stack: Stack) -> None:
    if "Slave_IO_State" in (sql(stack, "replica", "SHOW REPLICA STATUS") or ""):
        return
    followed = sql(
        stack,
        "replica",
        f"""
        CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={stack.port("primary")}, MASTER_USER='replication',
            MASTER_PASSWORD='{stack.secret("replication_password")}', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=2;
        START REPLICA;
        """,
    )
    if followed is None:
        raise Failed(f"The replica could not be told to follow the primary; its log is {stack.log('replica')}")


def replicates(stack: Stack) -> bool:
    """Whether the replica follows, and has all that the primary had a moment ago."""
    status = sql(stack, "replica", "SHOW REPLICA STATUS") or ""
    if "Slave_IO_Running: Yes" not in status or "Slave_SQL_Running: Yes" not in status:
        return False
    position = (sql(stack, "primary", "SELECT @@gtid_binlog_pos AS position") or "").partition("position: ")[2].strip()
    return "arrived: 0" in (sql(stack, "replica", f"SELECT MASTER_GTID_WAIT('{position}', 2) AS arrived") or "")


def database(name: str, settle: Callable[[Stack], None]) -> Part:
    return Part(name, PROGRAMS, prepare_database(name), run_database(name), database_ready(name), settle)


PRIMARY = database("primary", make_accounts)
REPLICA = database("replica", follow_primary)
