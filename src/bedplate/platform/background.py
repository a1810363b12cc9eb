import asyncio
import contextlib
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it has ended.

    Raises:
        Exception: what the task itself failed with.
    """
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@asynccontextmanager
async def in_background(work: Coroutine[object, object, None]) -> AsyncGenerator[None]:
    """Do some work beside what is inside, and end it with that."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        await end(task)
