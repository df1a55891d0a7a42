"""What a rendered page may hold of scripts: those of reports/templates, and data that no markup is left in."""

import re
from pathlib import Path

from analysis.reporting.scripts import read_scripts
from analysis.stages.render_report import read_templates

TEMPLATES = Path(__file__).parents[1] / "reports" / "templates"


def strange_scripts(page: str) -> list[str]:
    """Return every script of a page that is neither one of ours nor a block of data."""
    ours = {str(script.text) for script in read_scripts(read_templates(TEMPLATES)).values()}
    blocks = re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)
    assert len(blocks) == page.count("<script")
    return [text for kind, text in blocks if not (text in ours if not kind else _is_data(kind, text))]


def _is_data(kind: str, text: str) -> bool:
    return kind.startswith(' type="application/json"') and "<" not in text
