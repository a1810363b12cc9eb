from bedplate.platform.db.pool import Connect, Connection


class SignOfLife:
    """Asks PostgreSQL whether it answers, on a connection of its own.

    One of a pool would have to be waited for when requests wait for them: a busy process would look like an outage,
    be taken out of service, and leave its load to the next. A connection that failed is not used again.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._kept: Connection | None = None
        self._closed = False

    async def ask(self) -> None:
        """Have one trivial statement answered; how long that may take is the caller's to say.

        Raises:
            OSError: or any of asyncpg's errors: it does not answer.
        """
        connection, self._kept = self._kept, None
        if connection is None or connection.is_closed():
            connection = await self._connect()
        try:
            await connection.execute("select 1")
        except BaseException:
            connection.terminate()
            raise
        if self._kept is not None or self._closed:
            # Somebody else asked meanwhile, on another one.
            connection.terminate()
        else:
            self._kept = connection

    def close(self) -> None:
        """Give up the connection."""
        self._closed = True
        if self._kept is not None:
            self._kept.terminate()
