from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry


class MeteredPool(AsyncAdaptedQueuePool):
    """SQLAlchemy's pool, which besides tells how many callers wait for a connection."""

    waiting = 0
    # Or what it logs for itself would be told as ours.
    _sqla_logger_namespace = f"sqlalchemy.pool.{AsyncAdaptedQueuePool.__name__}"

    def _do_get(self) -> ConnectionPoolEntry:
        if self.checkedout() < self.size():
            return super()._do_get()
        self.waiting += 1
        try:
            return super()._do_get()
        finally:
            self.waiting -= 1
