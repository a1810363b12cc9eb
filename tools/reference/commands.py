import inspect
from collections.abc import Iterator

import click

from bedplate.cli.group import COMMANDS, bedplate_group
from tools.markdown import code, header, table

ABOUT = (
    "Every command with its arguments and options, as `-h` tells them. What they are for, and the settings that they "
    "read, is in [the command line](cli.md)."
)


def commands_page() -> str:
    """Every command of ours, in the order of the help."""
    parts = [header("Commands and options", ABOUT)]
    for name in COMMANDS:
        command = bedplate_group.get_command(click.Context(bedplate_group, info_name="bedplate"), name)
        if command is not None:
            parts += [_section(path, one) for path, one in _walk(f"bedplate {name}", command)]
    return "\n".join(parts)


def _walk(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _walk(f"{path} {name}", inner)


def _section(path: str, command: click.Command) -> str:
    about = inspect.cleandoc((command.help or "").replace("\b\n", ""))
    lines = [f"{'##' if path.count(' ') == 1 else '###'} `{path}`", "", about, ""]
    if rows := [_row(one) for one in command.params if not getattr(one, "hidden", False)]:
        lines += [table(("option", "meaning", "default"), rows), ""]
    return "\n".join(lines)


def _row(parameter: click.Parameter) -> tuple[str, str, str]:
    if isinstance(parameter, click.Argument):
        return code((parameter.metavar or parameter.name or "").upper()), _about_argument(parameter), ""
    names = " ".join([*parameter.opts, *parameter.secondary_opts])
    kind = "" if getattr(parameter, "is_flag", False) else f" {_metavar(parameter)}"
    about = " ".join((getattr(parameter, "help", "") or "").split())
    return code(f"{names}{kind}"), about, _default(parameter)


def _about_argument(argument: click.Argument) -> str:
    several = ", any number" if argument.nargs != 1 else ""
    return f"{'required' if argument.required else 'may be left out'}{several}"


def _metavar(parameter: click.Parameter) -> str:
    if parameter.metavar:
        return parameter.metavar
    if isinstance(parameter.type, click.Choice):
        return "|".join(str(choice) for choice in parameter.type.choices)
    return parameter.type.name.upper()


def _default(parameter: click.Parameter) -> str:
    value = parameter.default
    if getattr(parameter, "is_flag", False) or value is None or callable(value) or "UNSET" in repr(value):
        return ""
    return code(str(value)) if value != () else ""
