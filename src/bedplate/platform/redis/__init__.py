"""Redis or Valkey: one client a process for limits, cache and pushes; Sentinel and Cluster by URL."""

from bedplate.platform.redis.client import DOWN, Client, connect
from bedplate.platform.redis.scripts import Script, ScriptRunner
from bedplate.platform.redis.wire import Wire

__all__ = ["DOWN", "Client", "Script", "ScriptRunner", "Wire", "connect"]
