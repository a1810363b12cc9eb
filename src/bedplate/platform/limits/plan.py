from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from bedplate.platform.auth.caller import Caller
from bedplate.platform.limits.book import RuleBook
from bedplate.platform.limits.defaults import limits_of
from bedplate.platform.limits.policy import Policy
from bedplate.platform.limits.rule import Charge, Rule
from bedplate.platform.limits.subjects import subject_of, tiers_of, value_subject


class Term:
    """One policy of a route."""

    __slots__ = ("policy", "rule", "tiers")

    def __init__(self, policy: Policy, book: RuleBook) -> None:
        self.policy = policy
        self.rule = book.rule(policy)
        self.tiers = {tier: book.rule(policy, tier) for tier in book.tiers(policy)}

    def charge(self, scope: Scope) -> Charge | None:
        """What a request spends; None where nothing limits it."""
        policy = self.policy
        rule = self._rule_for(scope) if self.tiers else self.rule
        if rule is None:
            return None
        cost = policy.cost if isinstance(policy.cost, int) else policy.cost(scope)
        return Charge(rule, subject_of(policy.subject, scope), cost)

    async def charge_value(self, scope: Scope, request: Request[Any, Any, Any]) -> Charge | None:
        """Likewise, where the subject stands in the request itself."""
        if self.policy.value is None or self.rule is None:
            return None
        value = await self.policy.value(request)
        if value is None:
            return None
        cost = self.policy.cost if isinstance(self.policy.cost, int) else self.policy.cost(scope)
        return Charge(self.rule, value_subject(value), cost)

    def _rule_for(self, scope: Scope) -> Rule | None:
        caller: Caller | None = scope.get("user")
        if caller is not None:
            for tier in tiers_of(caller):
                if tier in self.tiers:
                    return self.tiers[tier]
        return self.rule


class RoutePlan:
    """The policies of a route, compiled."""

    __slots__ = ("_by_scope", "_by_value")

    def __init__(self, policies: Sequence[Policy], book: RuleBook) -> None:
        terms = [Term(policy, book) for policy in policies]
        terms = [term for term in terms if term.rule is not None or term.tiers]
        self._by_scope = [term for term in terms if term.policy.subject != "value"]
        self._by_value = [term for term in terms if term.policy.subject == "value"]

    def charges(self, scope: Scope) -> list[Charge]:
        """What a request spends, as far as its head tells."""
        return [charge for term in self._by_scope if (charge := term.charge(scope)) is not None]

    @property
    def empty(self) -> bool:
        """Whether nothing limits the route."""
        return not self._by_scope and not self._by_value

    @property
    def reads_values(self) -> bool:
        return bool(self._by_value)

    async def value_charges(self, scope: Scope, request: Request[Any, Any, Any]) -> list[Charge]:
        """What it spends under policies whose subject it carries."""
        found = [await term.charge_value(scope, request) for term in self._by_value]
        return [charge for charge in found if charge is not None]


def plan_of(handler: BaseRouteHandler, book: RuleBook) -> RoutePlan:
    """Compile the policies of a route; an unnamed one is called after the route."""
    methods = frozenset(str(method) for method in getattr(handler, "http_methods", ()))
    route = handler.handler_name.replace(".", "_").lower()
    policies = limits_of(handler.opt, methods)
    named = [
        policy if policy.name else msgspec.structs.replace(policy, name=_unnamed(route, place))
        for place, policy in enumerate(policies)
    ]
    return RoutePlan(named, book)


def _unnamed(route: str, place: int) -> str:
    return route[-60:] + (f"-{place + 1}" if place else "")
