"""The walls of the house: who may know whom, what is loaded when, and papers that say what is true."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "vitrina"
MODULES = sorted(SOURCE.rglob("*.py"))

FRAMEWORKS = {"jax", "jaxlib", "torch", "tensorflow", "keras", "flax"}
HEAVY = FRAMEWORKS | {"polars", "pyarrow", "sklearn", "scipy", "PIL", "pandas", "typer", "starlette"}

# Imports run one way: from a line to the lines above it. Neighbours on a line may know each other, one way as well.
ORDER = (
    {"errors", "files", "locale", "terminal", "formula"},
    {"network", "archive"},
    {"engines", "learning", "data", "racing"},
    {"memory", "feeds", "folds", "arguments"},
    {"model", "material", "runs", "population", "find_rate", "training", "searching", "approximating"},
    {"evaluate", "glass", "doctor", "deliver"},
    {"reporting"},
    {"", "demo", "commands", "cli", "__main__"},  # "" is the front: `import vitrina`
)
LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}

# Doors in a ceiling: what a user calls on the model is written above it, and is loaded when it is called.
DOORS = {
    ("vitrina.model", "vitrina.evaluate.metrics"): "model.evaluate",
    ("vitrina.model", "vitrina.evaluate.explaining"): "model.explain",
    ("vitrina.model", "vitrina.glass.trace"): "model.trace",
    ("vitrina.training", "vitrina.glass.recorder"): "train(record=True)",
    ("vitrina.training", "vitrina.doctor.checkup"): "train(record=True), with the doctor beside it",
    ("vitrina.training", "vitrina.glass.controls"): "train(out=...), which the page can pause",
    ("vitrina.glass.page.findings", "vitrina.doctor"): "watch(run), which marks what the doctor finds",
    ("vitrina.racing.contest", "vitrina.material"): "race(network, (x, y))",
}


def loaded_by(statement: str) -> set[str]:
    """The packages a fresh interpreter has loaded after the statement."""
    code = f"{statement}\nimport sys; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_network_is_described_without_any_framework():
    assert loaded_by("import vitrina.network, vitrina.learning") & HEAVY == set()


def test_engines_are_listed_without_loading_any():
    assert loaded_by("from vitrina import engines; engines.available()") & FRAMEWORKS == set()


def test_importing_vitrina_loads_nothing_heavy():
    assert loaded_by("import vitrina") & HEAVY == set()


def test_the_command_line_says_what_it_can_do_without_loading_what_does_it():
    assert loaded_by("import vitrina.cli") & (HEAVY - {"typer"}) == set()


def test_the_numpy_engine_needs_nothing_but_numpy():
    assert loaded_by("from vitrina import engines; engines.get('numpy')") & HEAVY == set()


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """`vitrina.network.dense` -> `network`; the package's own front is ``."""
    return module.split(".")[1] if "." in module else ""


def imports(path: Path) -> Iterator[tuple[str, ast.stmt]]:
    """Every module imported anywhere in the file, by its full name, and the statement that does it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((name.name, node) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:  # `from vitrina import data` imports vitrina.data
                inside = SOURCE.parent / Path(*node.module.split("."), name.name)
                own = node.module.partition(".")[0] == "vitrina"
                is_module = own and (inside.is_dir() or inside.with_suffix(".py").exists())
                yield (f"{node.module}.{name.name}" if is_module else node.module), node


def own_imports() -> Iterator[tuple[str, str]]:
    """Each (module, imported module) inside Vitrina that leads from one room to another."""
    for path in MODULES:
        module = module_name(path)
        for imported, _ in imports(path):
            if imported.partition(".")[0] == "vitrina" and room_of(module) not in ("", room_of(imported)):
                yield module, imported


def test_every_room_has_its_place():
    rooms = {room_of(module_name(path)) for path in MODULES} - {""}
    assert rooms <= set(LEVEL), "say in ORDER (tests/test_house.py) where these stand"


def test_imports_run_one_way():
    wrong = [
        f"{module} imports {imported}"
        for module, imported in own_imports()
        if LEVEL.get(room_of(imported), len(ORDER)) > LEVEL.get(room_of(module), 0) and (module, imported) not in DOORS
    ]
    assert wrong == []


def test_no_two_rooms_know_each_other():
    knows: dict[str, set[str]] = {}
    for module, imported in own_imports():
        if (module, imported) not in DOORS:
            knows.setdefault(room_of(module), set()).add(room_of(imported))
    TopologicalSorter(knows).prepare()  # raises CycleError, which names the circle


def test_every_door_is_used():
    assert set(DOORS) - set(own_imports()) == set()


def test_frameworks_are_imported_in_their_rooms_only():
    wrong = {
        f"{module_name(path)} imports {imported}"
        for path in MODULES
        for imported, _ in imports(path)
        if imported.partition(".")[0] in FRAMEWORKS and room_of(module_name(path)) not in ("engines", "deliver")
    }
    assert wrong == set()


@pytest.mark.parametrize("room", ["network", "learning", "engines"])
def test_what_runs_on_a_bare_machine_needs_numpy_and_its_framework(room):
    """At the top of a module; what is imported where it is used (Rich, for what is printed) may be missing."""
    allowed = sys.stdlib_module_names | FRAMEWORKS | {"numpy", "vitrina"}
    for path in sorted((SOURCE / room).rglob("*.py")):
        top = ast.parse(path.read_text("utf-8")).body
        found = {imported.partition(".")[0] for imported, node in imports(path) if ast.dump(node) in map(ast.dump, top)}
        assert found <= allowed, path.relative_to(ROOT)


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_the_version_is_one():
    import vitrina

    assert vitrina.__version__ == project()["version"]


def test_an_engine_is_installed_with_an_extra_that_exists():
    from vitrina.engines import available

    extras = {extra for engine in available() for extra in re.findall(r"\[(.+)\]", engine.install)}
    assert extras
    assert extras <= set(project()["optional-dependencies"])


def test_every_extra_but_the_developers_is_in_all():
    extras = project()["optional-dependencies"]
    (everything,) = extras["all"]
    assert set(re.findall(r"\[(.+)\]", everything)[0].split(",")) == set(extras) - {"all", "test", "bench"}


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", ".ci/run", ".pre-commit-config.yaml"])
def test_what_a_page_tells_you_to_make_can_be_made(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    text = (ROOT / page).read_text("utf-8")
    in_code = re.findall(r"`+[^`]*`+", text) if page.endswith(".md") else [text]
    told = {target for code in in_code for target in re.findall(r"\bmake (?:--\S+ )*([a-z][a-z-]*)", code)}
    assert told <= targets, page


def test_the_readme_opens_with_the_two_commands():
    block = re.search(r"```\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert block is not None
    assert [line.split("#")[0].strip() for line in block[1].splitlines()] == ["make demo", "make test"]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/page.md"])
def test_links_lead_somewhere(page):
    text = re.sub(r"<!--.*?-->", "", (ROOT / page).read_text("utf-8"), flags=re.DOTALL)
    links = {link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link}
    assert [link for link in links if link and not ((ROOT / page).parent / link).exists()] == []


def test_the_python_in_the_readme_is_python():
    import vitrina

    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    nodes = [node for block in blocks for node in ast.walk(ast.parse(block)) if isinstance(node, ast.Attribute)]
    used = {node.attr for node in nodes if isinstance(node.value, ast.Name) and node.value.id == "vt"}
    assert {"Network", "train"} <= used
    assert {name for name in used if not hasattr(vitrina, name)} == set()


def test_the_commands_in_the_readme_exist():
    told = set(re.findall(r"^\| `vitrina ([a-z-]+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))
    command = [sys.executable, "-c", "from vitrina.cli import main; main()", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "train" in told
    assert {command for command in told if not re.search(rf"\b{command}\b", done.stdout)} == set()


def test_the_changelog_opens_with_what_is_unreleased():
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"


def test_the_types_are_announced():
    assert (SOURCE / "py.typed").exists()  # without it other people's type checkers ignore ours
