from click import Group
from litestar_saq import QueueConfig, SAQConfig, SAQPlugin
from litestar_saq.base import Worker

from bedplate.platform.jobs.queue import LedgerQueue
from bedplate.platform.jobs.runtime import JobsRuntime


class JobsPlugin(SAQPlugin):
    """litestar-saq's plugin over the ledger's queues: handlers ask for them as `task_queues`.

    Its `workers` command would run SAQ's workers without the ledger's loops; `bedplate worker` is ours.
    """

    def __init__(self, runtime: JobsRuntime) -> None:
        reads = runtime.database.reads
        queues = {name: LedgerQueue(name, runtime.carrier, reads) for name in runtime.tasks.queues()}
        configs = [QueueConfig(name=name, broker_instance=runtime.carrier) for name in queues]
        super().__init__(SAQConfig(queue_configs=configs, queue_instances=dict(queues), enable_otel=False))

    def on_cli_init(self, cli: Group) -> None:
        del cli

    def get_workers(self) -> dict[str, Worker]:
        return {}
