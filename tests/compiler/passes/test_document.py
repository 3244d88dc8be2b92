"""docs/passes.md says what the passes' docstrings say."""

from pathlib import Path

import tfrt.compiler.passes
from tfrt.compiler.pipelines.document import document


def test_the_page_is_up_to_date():
    page = Path(__file__).parents[3] / "docs" / "passes.md"
    assert page.read_text(encoding="utf-8") == document(), "python -m tfrt.compiler.pipelines.document > docs/passes.md"


def test_every_pass_is_described():
    for name in tfrt.compiler.passes.PASSES:
        assert f"\n## {name}\n\n" in document()
