"""What a formula may say: checked before the library that evaluates it sees a single character.

The library behind (formulaic) evaluates Python while it parses, so a formula is checked token by token first: the
lexer alone reads it, every name must be a column or one of a few functions, and every expression may hold only calls
of those functions, names, small numbers, strings and arithmetic.
"""

import ast
from collections.abc import Iterable
from difflib import get_close_matches

from analysis.errors import ConfigError

FUNCTIONS = frozenset({"C", "I", "center", "scale", "poly", "log", "exp", "bs", "cr"})
CONTRASTS = frozenset({"treatment", "sum", "helmert", "poly", "diff"})
OPERATORS = frozenset({"+", "-", "*", "/", ":", "**"})
POWERS = (2, 3, 4, 0.5)
MAX_LENGTH = 500
MAX_NUMBER = 1e6
# Degrees of polynomials and splines, and the exponent of a sum of terms.
MAX_DEGREE = 8
MAX_LEVEL_LENGTH = 60
# Years to centre on; other whole numbers are degrees.
YEARS = range(1900, 2101)
KEYWORDS = frozenset({"base", "degree", "df"})
FORBIDDEN_CHARACTERS = "~|#%`\\\n\r{}@;"
_Arithmetic = ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow | ast.USub | ast.UAdd


def check_formula(formula: str, columns: Iterable[str]) -> tuple[str, ...]:
    """Refuse a formula that could do more than name columns; return the columns that it uses.

    Raises
    ------
    ConfigError
        With the offending part and what is allowed.
    """
    from formulaic.parser.algos.tokenize import tokenize

    known = set(columns)
    shown = formula if len(formula) <= 80 else formula[:77] + "..."
    if not formula.strip() or len(formula) > MAX_LENGTH:
        raise ConfigError(
            f'formula "{shown}": it has {len(formula.strip())} characters. Write between 1 and {MAX_LENGTH}.'
        )
    found = sorted(
        {character for character in formula if character in FORBIDDEN_CHARACTERS or not character.isprintable()}
    )
    if found:
        raise ConfigError(
            f'formula "{shown}": {found[0]!r} is not allowed. Write the right-hand side with + - * / : ** and ( ).'
        )
    try:
        tokens = list(tokenize(formula))
    except Exception as error:  # the lexer raises its own and built-in errors for unbalanced quotes and brackets
        raise ConfigError(
            f'formula "{shown}": it cannot be read ({type(error).__name__}). Check brackets and quotes.'
        ) from None
    used: list[str] = []
    previous = ""
    for token in tokens:
        kind = token.kind.value if token.kind else ""
        used += _check_token(kind, str(token.token), previous, known, shown)
        previous = str(token.token)
    return tuple(dict.fromkeys(used))


def _check_token(kind: str, text: str, previous: str, known: set[str], formula: str) -> list[str]:
    if kind == "context":
        return []
    if kind == "operator" and text in OPERATORS:
        return []
    if kind == "value" and text.isdigit() and int(text) <= (MAX_DEGREE if previous == "**" else 1):
        return []
    if kind == "name" and text in known:
        return [text]
    if kind == "python":
        return _check_expression(text, known, formula)
    if kind == "name":
        raise _unknown(text, known, formula)
    raise ConfigError(
        f'formula "{formula}": "{text}" is not allowed. Use columns, + - * / : ** and {", ".join(sorted(FUNCTIONS))}.'
    )


def _unknown(name: str, known: set[str], formula: str) -> ConfigError:
    close = get_close_matches(name, known, 1)
    hint = f"Did you mean {close[0]}? " if close else ""
    return ConfigError(
        f'formula "{formula}": there is no column "{name}". {hint}Columns: {", ".join(sorted(known)) or "none"}.'
    )


def _check_expression(text: str, known: set[str], formula: str) -> list[str]:
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ConfigError(f'formula "{formula}": "{text}" cannot be read. Check brackets and quotes.') from None
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    callees = {id(call.func) for call in calls}
    # Text may only name a reference level; in arithmetic it could be multiplied into gigabytes.
    levels = {id(part) for call in calls if isinstance(call.func, ast.Attribute) for part in _arguments(call)}
    used = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and id(node) not in callees and node.id != "contr":
            if node.id not in known:
                raise _unknown(node.id, known, formula)
            used.append(node.id)
        elif not _node_allowed(node, callees, levels):
            part = ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__
            raise ConfigError(
                f'formula "{formula}": "{part}" is not allowed. Call only {", ".join(sorted(FUNCTIONS))} and '
                'contr.treatment("level") (or sum, helmert, poly, diff) inside C().'
            )
    return used


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _node_allowed(node: ast.AST, callees: set[int], levels: set[int]) -> bool:
    if isinstance(node, ast.Name):
        return id(node) not in callees or node.id in FUNCTIONS
    if isinstance(node, ast.Attribute):
        return (
            id(node) in callees
            and isinstance(node.value, ast.Name)
            and node.value.id == "contr"
            and node.attr in CONTRASTS
        )
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name | ast.Attribute) and all(
            keyword.arg in KEYWORDS for keyword in node.keywords
        )
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return id(node) in levels and len(node.value) <= MAX_LEVEL_LENGTH
    if isinstance(node, ast.Constant):
        return _number_allowed(node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return isinstance(node.right, ast.Constant) and node.right.value in POWERS
    return isinstance(node, ast.Expression | ast.Load | ast.keyword | ast.BinOp | ast.UnaryOp | _Arithmetic)


def _number_allowed(value: object) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) <= MAX_DEGREE or value in YEARS
    return isinstance(value, float) and abs(value) <= MAX_NUMBER
