"""Access to a stand-in of AWS in which calls fail, for tests of `perimeter collect`."""

from __future__ import annotations

from botocore.exceptions import ClientError

from perimeter_smt.collect.aws import Aws


class Faulty(Aws):
    """Every call of one operation fails with one code, as a service does that throttles or denies."""

    def __init__(self, operation, fault, **more):
        super().__init__(**more)
        self.operation, self.fault = operation, fault

    def client(self, service, region=None, account=None):
        found = super().client(service, region, account)

        def fail(**_):
            raise ClientError({"Error": {"Code": self.fault, "Message": "x"}}, self.operation)

        own = found.meta.service_model.service_id.hyphenize()
        found.meta.events.register(f"before-call.{own}.{self.operation}", fail)
        return found


class OfOne(Aws):
    """Calls in one account fail: `refused` when its role is taken, `expired` with the first credentials only."""

    def __init__(self, own, how, **more):
        super().__init__(**more)
        self.own, self.how, self.taken = own, how, 0

    def _session(self, account):
        if account == self.own and account not in self._sessions:
            self.taken += 1
        if account == self.own and self.how == "refused":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "x"}}, "AssumeRole")
        return super()._session(account)

    def client(self, service, region=None, account=None):
        found = super().client(service, region, account)

        def fail(**_):
            raise ClientError({"Error": {"Code": "ExpiredToken", "Message": "x"}}, "x")

        if account == self.own and self.how == "expired" and self.taken < 2:
            found.meta.events.register("before-call.sqs", fail)
        return found


class Denied(Aws):
    """Calls of one operation, in one Region or account, fail with a message of AWS."""

    def __init__(self, operation, code, message, where="", **more):
        super().__init__(**more)
        self.operation, self.code, self.message, self.where = operation, code, message, where

    def client(self, service, region=None, account=None):
        found = super().client(service, region, account)

        def fail(**_):
            raise ClientError({"Error": {"Code": self.code, "Message": self.message}}, "x")

        if self.where in ("", region, account):
            own = found.meta.service_model.service_id.hyphenize()
            for operation in self.operation.split():
                found.meta.events.register(f"before-call.{own}.{operation}", fail)
        return found
