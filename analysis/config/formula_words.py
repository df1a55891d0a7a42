"""The names in a formula, found without the formula library: importing that takes two seconds, and a run starts here.

The formula is read as a Python expression and never evaluated. `analysis.formulas.check_formula` judges it fully before
it is used; here it is enough to see misspelt columns and functions before anything runs.
"""

import ast
import re

from analysis.errors import ConfigError
from analysis.formulas.gate import CONTRASTS, FUNCTIONS

# An interaction `a:b` is no Python expression; a colon within quotes is part of a level.
_QUOTED_OR_COLON = re.compile(r"('[^']*'|\"[^\"]*\")|:")
_KNOWN_CALLS = {*FUNCTIONS, *(f"contr.{name}" for name in CONTRASTS)}


def formula_columns(formula: str) -> list[str]:
    """Return the columns a formula names, in order.

    Raises
    ------
    ConfigError
        When it cannot be read, or calls what no formula may call.
    """
    text = _QUOTED_OR_COLON.sub(lambda found: found[1] or "*", formula)
    try:
        nodes = list(ast.walk(ast.parse(text.strip(), mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ConfigError("it cannot be read. Check brackets, quotes and signs.") from None
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    for name in (ast.unparse(call) for call in calls):
        if name not in _KNOWN_CALLS:
            raise ConfigError(f"it calls {name}. A formula may call {', '.join(sorted(_KNOWN_CALLS))}.")
    roots = {id(part) for call in calls for part in ast.walk(call)}
    names = [node for node in nodes if isinstance(node, ast.Name) and id(node) not in roots]
    # The tree is walked level by level; a reader expects the order of the text.
    return list(dict.fromkeys(node.id for node in sorted(names, key=lambda node: node.col_offset)))
