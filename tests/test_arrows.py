"""The architecture: which package may know which, what stays a leaf, and what loads without what."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("zwai", "handlers", "storage", "ai")
FILES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
MODULES = {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in FILES}

LEAVES = ("zwai.records", "zwai.errors", "zwai.operator_errors", "zwai.knowledge")
# What a module may import of ours, by the longest prefix that names it; beside itself and, but for a leaf, the leaves.
ALLOWED: dict[str, tuple[str, ...]] = {
    "zwai.records": (),
    "zwai.errors": ("zwai.records",),
    "zwai.operator_errors": ("zwai.errors",),
    "zwai.knowledge": ("zwai.records", "zwai.errors"),
    "zwai.settings": (),
    "zwai.kitchen": ("storage", "ai"),
    "zwai.doctor": PACKAGES,
    "zwai.food": (),
    "zwai.recognise": ("zwai.kitchen", "ai"),
    "zwai.read": ("zwai.kitchen", "zwai.recognise", "ai"),
    "zwai.report_card": ("zwai.app", "zwai.kitchen", "zwai.settings", "storage", "ai"),
    "zwai.serve": ("zwai.app", "zwai.listener", "zwai.settings"),
    "zwai.listener": ("zwai.settings",),
    "zwai.processes": ("zwai.app", "zwai.listener", "zwai.settings"),
    "zwai.work": ("zwai.app", "zwai.kitchen", "zwai.settings", "storage"),
    "zwai.upkeep": ("zwai.app", "zwai.settings", "storage"),
    "zwai.products": ("zwai.app", "zwai.kitchen", "zwai.settings", "storage"),
    "zwai.google_keys": ("zwai.kitchen",),
    "zwai.app": PACKAGES,
    "zwai.cli": PACKAGES,
    "zwai.__main__": ("zwai.cli",),
    "zwai": (),
    "storage": (),
    "ai": (),
    "handlers": ("zwai.kitchen",),
    # Infrastructure, not resources: these may use storage.
    "handlers.dispatch": ("zwai.kitchen", "storage"),
    "handlers.auth": ("zwai.kitchen", "storage"),
    "handlers.limits": ("zwai.kitchen", "storage"),
    "handlers.caching": ("zwai.kitchen", "storage"),
    "handlers.replay": ("zwai.kitchen", "storage"),
    "handlers.call": ("zwai.kitchen", "storage"),
    "handlers.multipart": ("zwai.kitchen", "storage"),
    # These tell the version.
    "handlers.system": ("zwai.kitchen", "zwai"),
    "handlers.openapi": ("zwai",),
}
# The only ones to see all settings; the rest gets named values.
SEE_SETTINGS = (
    "zwai.settings", "zwai.app", "zwai.cli", "zwai.serve", "zwai.doctor",
    "zwai.listener", "zwai.processes", "zwai.work", "zwai.upkeep", "zwai.products", "zwai.report_card",
    "ai.quiet",  # sets what a library reads when it loads
)  # fmt: skip
# Heavy and optional: loaded in the process that uses them.
HEAVY = ("onnxruntime", "pillow_heif", "numpy", "PIL", "argon2", "uvloop", "alembic")

# These load what a command or a job needs when it runs: so `--help` is there at once, and a worker stays small.
# The root loads what only the scaled profile needs when that is chosen.
LOAD_LATE = ("zwai.cli", "zwai.doctor", "zwai.app", "ai.work")
# One tree is easier to find something in than two halves.
LONG = {"zwai.errors": 600, "storage.schema": 440, "zwai.cli": 440}


def imported(module: str) -> Iterator[tuple[str, bool]]:
    """What a module imports, as dotted names, and whether inside a function."""
    tree = ast.parse(MODULES[module].read_text())
    inside = {id(node) for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
              for node in ast.walk(one)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: say the whole name"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield (whole if whole in MODULES else node.module or ""), id(node) in inside


def under(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(f"{prefix}.")


def rule_of(module: str) -> tuple[str, tuple[str, ...]]:
    prefix = max((prefix for prefix in ALLOWED if under(module, prefix)), key=len)
    return prefix, ALLOWED[prefix]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_room_may_know(module: str) -> None:
    prefix, allowed = rule_of(module)
    assert prefix != "zwai" or module == "zwai", f"say in ALLOWED what {module} may know"
    home = "handlers" if under(prefix, "handlers") else prefix
    leaves = () if prefix in LEAVES else LEAVES
    for name, _ in imported(module):
        if name.partition(".")[0] in PACKAGES:
            known = (home, *allowed, *leaves)
            assert any(under(name, one) for one in known), f"{module} may not import {name}"


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_imported_inside_a_function_but_what_is_heavy(module: str) -> None:
    late = {name for name, inside in imported(module) if inside and name.partition(".")[0] not in HEAVY}
    assert late == set() or module in LOAD_LATE


@pytest.mark.parametrize("module", MODULES)
def test_nothing_hides_an_arrow_behind_type_checking(module: str) -> None:
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            hidden = [one.module or "" for one in ast.walk(node) if isinstance(one, ast.ImportFrom)]
            assert [name for name in hidden if name.partition(".")[0] in PACKAGES] == []


@pytest.mark.parametrize(
    "package", ["zwai.kitchen", "zwai.knowledge", "zwai.records", "zwai.errors", "zwai.operator_errors"]
)
def test_rules_and_facts_know_neither_http_nor_sql(package: str) -> None:
    for module in MODULES:
        if under(module, package):
            roots = {name.partition(".")[0] for name, _ in imported(module)}
            assert roots.isdisjoint({"aiohttp", "sqlalchemy", "marshmallow", "alembic"}), module


def test_records_and_errors_need_the_standard_library_only() -> None:
    for module in MODULES:
        if under(module, "zwai.records") or module in ("zwai.errors", "zwai.operator_errors"):
            roots = {name.partition(".")[0] for name, _ in imported(module)}
            assert roots <= {*sys.stdlib_module_names, "zwai"}, module


@pytest.mark.parametrize("module", MODULES)
def test_settings_and_the_environment_are_seen_by_few_modules_only(module: str) -> None:
    if module in SEE_SETTINGS:
        return
    text = MODULES[module].read_text()
    assert "os.environ" not in text
    assert "getenv" not in text
    assert "zwai.settings" not in {name for name, _ in imported(module)}


def test_every_package_begins_empty() -> None:
    filled = [file for file in FILES if file.name == "__init__.py" and file.read_text().strip()]
    assert filled == [ROOT / "zwai" / "__init__.py"]
    tree = ast.parse(filled[0].read_text())
    assert [type(node) for node in tree.body] == [ast.Assign]  # the version, nothing else


def test_only_the_root_and_the_tests_know_the_root() -> None:
    knowing = {module for module in MODULES for name, _ in imported(module) if name == "zwai.app"}
    assert {module.removeprefix("zwai.") for module in knowing} <= {
        "cli", "serve", "doctor", "processes", "work", "upkeep", "report_card", "products",
    }  # fmt: skip


@pytest.mark.parametrize("module", ["ai.images", "ai.local"])
def test_a_worker_process_loads_neither_the_web_nor_sql(module: str) -> None:
    script = f"import sys, {module}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in ran.stdout.split()}
    assert loaded.isdisjoint({"aiohttp", "sqlalchemy", "marshmallow", "handlers", "storage"})


@pytest.mark.parametrize("module", [module for module in MODULES if not under(module, "storage.migrations")])
def test_a_module_can_be_read_at_one_sitting(module: str) -> None:
    text = MODULES[module].read_text()
    assert len(text.splitlines()) <= LONG.get(module, 400)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 50, f"{module}: {node.name}"
