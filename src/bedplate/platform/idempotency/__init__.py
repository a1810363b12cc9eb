"""Idempotency-Key on POST (draft-ietf-httpapi-idempotency-key-header): done once, answered as often as asked."""

from bedplate.platform.idempotency.middleware import idempotency_layer
from bedplate.platform.idempotency.reservation import Pending, remember_answer, reserve, store
from bedplate.platform.idempotency.sweep import sweep

__all__ = ["Pending", "idempotency_layer", "remember_answer", "reserve", "store", "sweep"]
