"""Redis or Valkey: one client a process for limits, cache and pushes; Sentinel and Cluster by URL."""

from bedplate.platform.redis.client import DOWN, Client, connect
from bedplate.platform.redis.scripts import Script, ScriptRunner

__all__ = ["DOWN", "Client", "Script", "ScriptRunner", "connect"]
