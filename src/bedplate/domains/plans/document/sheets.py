"""The lines of single entities in the house form, for additions and for whole new documents."""

from .edits import one_line
from .entities import Phase, Task
from .values import effort_text
from .words import WRITTEN_GLYPHS, WRITTEN_WORDS


def task_fields(task: Task) -> list[str]:
    """`**Key**: value` lines joined by hard breaks."""
    sized = task.effort_min is not None or task.effort_max is not None
    stated = {
        "Priority": task.priority.capitalize() if task.priority != "none" else None,
        "Estimated Effort": effort_text(task.effort_min, task.effort_max) if sized else None,
        "Assignee": task.assignee,
        "Completed On": task.completed_on.isoformat() if task.completed_on else None,
        "Status": f"{task.stated_percent}% Complete" if task.stated_percent is not None else None,
        "Next Step": task.next_step,
    }
    return field_lines(stated)


def field_lines(stated: dict[str, str | None]) -> list[str]:
    lines = [f"**{label}**: {one_line(value)}" for label, value in stated.items() if value and one_line(value)]
    return [line + "  " for line in lines[:-1]] + lines[-1:]


def phase_lines(phase: Phase) -> list[str]:
    """A phase's heading and dates, a blank line after each part."""
    title = f"{phase.name}: {one_line(phase.subtitle)}" if phase.subtitle else phase.name
    dates = field_lines(
        {
            "Start Date": phase.start_on.isoformat() if phase.start_on else phase.start_text,
            "Target Date": phase.target_on.isoformat() if phase.target_on else phase.target_text,
        }
    )
    state = f" {WRITTEN_GLYPHS[phase.state]} {WRITTEN_WORDS[phase.state]}" if phase.state != "pending" else ""
    return [f"## {title}{state}", "", *dates, *([""] if dates else [])]
