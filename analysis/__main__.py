"""`python -m analysis COMMAND`: commands are imported only when they are asked for."""

from importlib import import_module

import click

COMMANDS = ("bias", "check", "conventions", "explain", "fit", "influence", "multiverse", "new", "verify")


class LazyGroup(click.Group):
    """A group whose commands live in `analysis/commands/{name}.py`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported now, or None."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"analysis.commands.{cmd_name}"), cmd_name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Start and check datasets of published effects; fit one model to a table."""


if __name__ == "__main__":
    main(prog_name="python -m analysis")
