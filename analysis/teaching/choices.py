"""A number to move: a slider where a kernel runs, and every picture of it behind buttons where none does.

The buttons are radio buttons and style rules alone, so that a page without scripts can be moved through too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Any, Final

from analysis.errors import DataError
from analysis.formatting import format_number

MOST: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What is shown for each value of one argument of `draw`; `label` names the argument for a reader."""

    draw: Callable[..., Any]
    argument: str
    label: str
    values: tuple[Any, ...]
    start: Any

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Mapping[str, Any]:
        # A viewer with a kernel prefers the slider; any other falls back to the buttons.
        return {"text/plain": str(self), "text/html": self.as_html(), **self._slider()}

    def __str__(self) -> str:
        """Say what can be moved."""
        return f"{self.label}: {', '.join(map(_word, self.values))}"

    def as_html(self) -> str:
        """Lay every picture out behind one button per value."""
        frames = [_html(self.draw(**{self.argument: value})) for value in self.values]
        name = "c" + sha256("".join((self.label, *frames)).encode()).hexdigest()[:10]
        buttons = "".join(
            f'<input type="radio" name="{name}" id="{name}-{i}"{" checked" if value == self.start else ""}>'
            f'<label for="{name}-{i}">{escape(_word(value))}</label>'
            for i, value in enumerate(self.values)
        )
        pictures = "".join(
            f'<div class="choice-frame" data-frame="{i}">{frame}</div>' for i, frame in enumerate(frames)
        )
        return (
            f"<style>{_rules(name, len(frames))}</style>"
            f'<fieldset class="choices" id="{name}"><legend>{escape(self.label)}</legend>'
            f'<div class="choice-buttons">{buttons}</div>{pictures}</fieldset>'
        )

    def _slider(self) -> Mapping[str, Any]:
        from ipywidgets import Layout, SelectionSlider, interactive

        options = [(_word(value), value) for value in self.values]
        slider = SelectionSlider(options=options, value=self.start, description=self.label, continuous_update=False)
        slider.style.description_width, slider.layout = "initial", Layout(width="90%")

        def redraw(**given: Any) -> Any:
            # A partial function has no name, which ipywidgets asks for.
            return self.draw(**given)

        found: Mapping[str, Any] = interactive(redraw, **{self.argument: slider})._repr_mimebundle_()
        return {key: value for key, value in found.items() if key != "text/plain"}


def choose(draw: Callable[..., Any], label: str = "", *, start: Any = None, **values: Sequence[Any]) -> Choices:
    """Let a reader move one argument of a function that draws.

    Parameters
    ----------
    draw : callable
        Takes the argument by name; returns what has a picture or table of its own, such as `Picture` or `Table`.
    label : str
        Name of the argument for a reader; the argument's own by default.
    start : optional
        The value shown first; the first one by default.
    **values : sequence
        The argument's name and its values, at most 24.

    Raises
    ------
    DataError
        Unless exactly one argument with two to 24 values is given, `start` among them.
    """
    if len(values) != 1:
        raise DataError(f"{len(values)} arguments to move. Give one argument and its values, such as tau2=[0, 0.1].")
    ((argument, given),) = values.items()
    listed = tuple(given)
    if not 2 <= len(listed) <= MOST:
        raise DataError(f"{argument} has {len(listed)} values to choose from. Give 2 to {MOST}.")
    if start is not None and start not in listed:
        raise DataError(f"{argument} starts at {start}, which is not one of its values. Start at one of {listed}.")
    return Choices(
        draw=draw,
        argument=argument,
        label=label or argument,
        values=listed,
        start=listed[0] if start is None else start,
    )


def _word(value: Any) -> str:
    if isinstance(value, bool | str) or value is None:
        return str(value)
    if float(value).is_integer():
        return format_number(float(value), 0)
    return format_number(float(value), len(f"{float(value):.6g}".partition(".")[2]))


def _html(shown: Any) -> str:
    bundle = getattr(shown, "_repr_mimebundle_", None)
    found = bundle()["text/html"] if bundle is not None else shown._repr_html_()
    return str(found)


def _rules(name: str, count: int) -> str:
    """Hide every picture but that of the checked button; `:has` looks from the fieldset to the button in it."""
    shown = ",".join(f'#{name}:has(#{name}-{i}:checked) [data-frame="{i}"]' for i in range(count))
    return f"#{name} .choice-frame{{display:none}}{shown}{{display:block}}"
