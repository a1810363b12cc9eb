import msgspec
from click import Group
from litestar._openapi.schema_generation import SchemaCreator
from litestar.openapi.spec import Schema
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition
from litestar_saq import QueueConfig, SAQConfig, SAQPlugin
from litestar_saq.base import Worker

from bedplate.platform.jobs.queue import LedgerQueue
from bedplate.platform.jobs.runtime import JobsRuntime
from bedplate.platform.jobs.tasks import Tasks


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


class PayloadSchemas(OpenAPISchemaPlugin):
    """Documents what a job may be started with: the schema of one of the public types."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = [task for task in tasks.all() if task.public]

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        return field_definition.annotation is msgspec.Raw and field_definition.name == "payload"

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Schema:
        del field_definition
        payloads = dict.fromkeys(task.payload for task in self._tasks)
        kinds = [FieldDefinition.from_annotation(payload) for payload in payloads]
        names = "; ".join(f"{task.name}: {task.payload.__name__}" for task in self._tasks)
        return Schema(
            any_of=[schema_creator.for_field_definition(kind) for kind in kinds],
            description=f"By the type's own schema ({names})",
        )
