"""The lines of single entities in the house form, for additions and for whole new documents."""

from bedplate.domains.plans.document.entities import Deferral, Phase, Task
from bedplate.domains.plans.document.values import effort_text
from bedplate.domains.plans.document.words import WRITTEN_GLYPHS, WRITTEN_WORDS
from bedplate.domains.plans.document.writing.edits import one_line

LABELS = {
    "priority": "Priority",
    "effort": "Estimated Effort",
    "next_step": "Next Step",
    "assignee": "Assignee",
    "completed_on": "Completed On",
    "start_on": "Start Date",
    "start_text": "Start Date",
    "target_on": "Target Date",
    "target_text": "Target Date",
    "original_issue": "Original Issue",
    "decision": "Decision",
    "reason": "Reason",
    "document_version": "Document Version",
    "document_updated_on": "Last Updated",
    "current_phase": "Current Phase",
    "status": "Document Status",
    "update_frequency": "Update Frequency",
    "review_schedule": "Review Schedule",
}


def numbered_title(task: Task) -> str:
    return f"{task.number}. {one_line(task.title)}" if task.number else one_line(task.title)


def task_fields(task: Task) -> list[str]:
    sized = task.effort_min is not None or task.effort_max is not None
    return field_lines(
        {
            "Priority": task.priority.capitalize() if task.priority != "none" else None,
            "Estimated Effort": effort_text(task.effort_min, task.effort_max) if sized else None,
            "Assignee": task.assignee,
            "Completed On": task.completed_on.isoformat() if task.completed_on else None,
            "Status": f"{task.stated_percent}% Complete" if task.stated_percent is not None else None,
            "Next Step": task.next_step,
        }
    )


def deferral_fields(deferral: Deferral) -> list[str]:
    stated = ("original_issue", "decision", "reason")
    return field_lines({LABELS[name]: getattr(deferral, name) for name in stated})


def phase_lines(phase: Phase) -> list[str]:
    """A phase's heading and dates, a blank line after each part."""
    title = f"{phase.name}: {one_line(phase.subtitle)}" if phase.subtitle else phase.name
    state = f" {WRITTEN_GLYPHS[phase.state]} {WRITTEN_WORDS[phase.state]}" if phase.state != "pending" else ""
    dates = field_lines(
        {
            "Start Date": phase.start_on.isoformat() if phase.start_on else phase.start_text,
            "Target Date": phase.target_on.isoformat() if phase.target_on else phase.target_text,
        }
    )
    return [f"## {title}{state}", "", *dates, *([""] if dates else [])]


def field_lines(stated: dict[str, str | None]) -> list[str]:
    """`**Key**: value` lines joined by hard breaks; what is empty is left out."""
    lines = [
        f"**{label}**: {one_line(value)}" for label, value in stated.items() if value and one_line(value)
    ]
    return [line + "  " for line in lines[:-1]] + lines[-1:]
