from bedplate.cli.errors import CommandError


def require_known(kind: str, *names: str) -> None:
    """Hold names to the queues or tasks that this program has; a mistyped one would be waited for in vain.

    Raises:
        CommandError: there is no such "queue" or "task".
    """
    from bedplate.app import DOMAINS
    from bedplate.platform.jobs.tasks import Tasks

    tasks = Tasks(task for domain in DOMAINS for task in domain.jobs)
    known = tasks.queues() if kind == "queue" else sorted(task.name for task in tasks.all())
    for name in names:
        if name not in known:
            raise CommandError(f"There is no {kind} {name}; one of: {', '.join(known)}")
