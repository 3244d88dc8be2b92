"""What the documents say of who may import whom, compared with the contracts of import-linter and with the folders."""

import ast
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Drawing:
    """The rows of the drawing, from top to bottom: what is above all, the two halves, and what both stand on."""

    api: list[str]
    compiler: list[str]
    executor: list[str]
    shared: list[str]
    libraries: list[str]


def read_drawing(text):
    (drawing,) = re.findall(r"```\n(┌.*?┘)\n```", text, re.DOTALL)
    lines = drawing.splitlines()
    assert len({len(line) for line in lines}) == 1, "its right edge is straight"
    api, halves, shared = re.split(r"\n├.*┤\n", "\n".join(lines[1:-1]))

    def names(cell):
        """What is in front of a cell: one folder, or several, or libraries in parentheses."""
        return re.split(r"\s{2,}", cell.strip())[0]

    rows = [line.strip("│").split("│") for line in halves.splitlines()]
    left, right = ([names(row[side]) for row in rows if row[side].strip()] for side in (0, 1))
    return Drawing(
        api=[names(line.strip("│")) for line in api.splitlines()],
        compiler=[name for name in left if not name.startswith("(")],
        executor=right,
        shared=[names(line.strip("│")) for line in shared.splitlines()],
        libraries=[name for row in left if row.startswith("(") for name in row.strip("()").lower().split(", ")][::-1],
    )


def modules(row):
    """A row as import-linter has it; folders beside one another may not import one another."""
    return " | ".join("tfrt." + folder.replace("/", ".") for folder in row.split(", "))


def contracts_of(drawing):
    """The contracts that the drawing stands for."""
    upper = [module for row in drawing.executor for module in modules(row).split(" | ")]
    compiler = [modules(row) for row in drawing.compiler]
    return {
        "layers": {"layers": [modules(row) for row in drawing.executor + drawing.shared]},
        "halves": {"layers": [*compiler, modules(drawing.shared[0])]},
        "compiler": {"source_modules": set(compiler), "forbidden_modules": set(upper)},
        "executor": {
            "source_modules": {"tfrt.executor", "tfrt.kernels"},
            "forbidden_modules": {*compiler, *drawing.libraries},
        },
        "circles": {"ancestors": {"tfrt"}},
    }


def contracts():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    return {
        contract["id"]: {
            key: value if key == "layers" else set(value)
            for key, value in contract.items()
            if key not in ("id", "name", "type")
        }
        for contract in settings["contracts"]
    }


def test_the_drawing_is_the_contracts():
    drawing = read_drawing(ARCHITECTURE)
    assert drawing.api == ["tfrt"]
    assert contracts_of(drawing) == contracts()


@pytest.mark.parametrize(
    ("drawn", "instead"),
    [
        ("executor/engines ", "executor/runtime "),
        ("executor/tools ", "executor/tool  "),
        ("executor/devices, kernels ", "executor/devices          "),
        ("│ dialects  ", "│ dialect   "),
        ("executor/values ", "executor/bef    "),
        ("(xDSL, lark)", "(xDSL)      "),
    ],
)
def test_another_drawing_is_other_contracts(drawn, instead):
    assert contracts_of(read_drawing(ARCHITECTURE.replace(drawn, instead, 1))) != contracts()


def test_every_folder_is_drawn():
    drawing = read_drawing(ARCHITECTURE)
    drawn = {folder for rows in vars(drawing).values() for row in rows for folder in row.split(", ")}
    packages = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()} - {"tests"}
    layers = {f"executor/{path.name}" for path in (ROOT / "executor").iterdir() if (path / "__init__.py").exists()}
    assert drawn - set(drawing.libraries) == packages - {"executor"} | layers


def test_the_table_in_contributing_says_the_same():
    drawing = read_drawing(ARCHITECTURE)
    rows = re.findall(r"^\| `(\w+)/` \| `(\S+)` \| .* \| (.*) \|$", CONTRIBUTING, re.MULTILINE)
    may_import = {folder: imports for folder, _, imports in rows}
    assert all(name in ("tfrt", f"tfrt.{folder}") for folder, name, _ in rows)
    below_kernels = drawing.executor[[("kernels" in row) for row in drawing.executor].index(True) + 1]
    assert may_import == {
        "tfrt": "everything",
        "compiler": "`dialects`, the shared layers, xDSL, lark",
        "dialects": "the shared layers, xDSL",
        "executor": "each package those below it",
        "kernels": f"`{below_kernels}` and what is below it",
    }
    *others, last = [f"`{layer}`" for layer in drawing.shared]
    assert f"The shared layers are {', '.join(others)} and {last};" in CONTRIBUTING


LISTING = [
    path.parent
    for path in sorted(ROOT.glob("*/**/__init__.py"))
    if "====" in path.read_text(encoding="utf-8")
    and path.relative_to(ROOT).parts[0] in ("compiler", "dialects", "executor")
]


@pytest.mark.parametrize("package", LISTING, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_package_that_lists_its_modules_lists_all(package):
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8")))
    listed = re.findall(r"^`([\w/.]+)`  ", text, re.MULTILINE)
    there = [path.name for path in package.glob("*.py") if path.name != "__init__.py"]
    there += [f"{path.parent.name}/" for path in package.glob("*/__init__.py")]
    assert sorted(listed) == sorted(there)


def test_packages_of_the_executor_list_their_modules():
    assert {path.parent for path in ROOT.glob("executor/**/__init__.py")} <= set(LISTING)
