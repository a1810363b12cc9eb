from bedplate.platform.telemetry.tallies import Tally

STATES = ("pending", "in_progress", "in_review", "completed", "deferred", "cancelled")

METRICS = (
    Tally("plans_created_total", "Plans made.", {"plan.created": {}}),
    Tally("plans_imported_total", "Documents taken into plans.", {"plan.imported": {}}),
    Tally(
        "import_conflicts_total",
        "Places where a document and its plan had both changed.",
        {"plan.imported": {}},
        amount="conflicts",
    ),
    Tally("plans_exported_total", "Documents written from plans.", {"plan.exported": {}}),
    Tally(
        "tasks_created_total", "Tasks added one by one; imports are counted as such.", {"task.created": {}}
    ),
    Tally("tasks_moved_total", "Tasks taken to another state.", {"task.moved": {}}, {"after": STATES}),
    Tally("tasks_completed_total", "Tasks closed as done.", {"task.moved": {}}, only={"after": "completed"}),
)
