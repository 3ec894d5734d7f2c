"""Condition keys as AWS fills them, tied to ground truth by the formal text (semantics 4.2 to 4.7)."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.encode.language.keys import Key, Slot, Space
from perimeter_smt.encode.world import contexts
from perimeter_smt.logic.atoms import Member, Parses, Ref, Template, View
from perimeter_smt.logic.formula import FALSE, Formula, atom, both, either, implies, is_text, neg, sym
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.logic.reader import Axiom, Script
from perimeter_smt.logic.schemas import Schema
from perimeter_smt.request.keys import KeyInfo, support_list, table_rows

_POINT_KEYS = ("s3:dataaccesspointarn", "s3:dataaccesspointaccount")
_TOGETHER = (*_POINT_KEYS, "s3:accesspointnetworkorigin")  # AR15
NO_UNKNOWN = "AK3"  # the axiom that requests carry no key that no table knows
_PLAIN_TAGS = ("aws:principaltag/",)  # tags of EC2's resources hold any character
_VIEWS: dict[str, View] = {"Numeric": "number", "Date": "instant", "IPAddress": "address", "ARN": "arn"}


class WorldKeys(Space):
    """Keys as AWS fills them: the formal text for those it names, tables for the rest."""

    def __init__(self, script: Script, bounds: dict[str, int]) -> None:
        super().__init__(bounds)
        self.script = script
        self.accounts: tuple[str, ...] = ()  # of the workspace, whose access points are calls of their own
        self.told_accounts: tuple[str, ...] = ()  # which contexts of encryption may tell (AR26)
        self.spelled = {n.removeprefix("has ").lower(): n.removeprefix("has ") for n in script.sorts if n[:4] == "has "}

    def key(self, name: str) -> Key:
        """The key, made on first use together with the axioms on it."""
        if name not in self.known:
            info = self.info(name)
            spelled = self.spelled.get(name, info.key)
            # What has no colon is no condition key but a placeholder: never set.
            has = sym(f"has {spelled}") if ":" in name else FALSE
            self.known[name] = key = self._make(info, spelled, has)
            self._type(key)
            if name in _POINT_KEYS:
                self._own_points(name, key)
            for other in _TOGETHER if name in _TOGETHER else ():
                self.key(other)  # so that a request that is shown has all of them
        return self.known[name]

    def is_plain(self, name: str) -> bool:
        """Tags of principals, account ids, organization ids, names: AP19 and the formats of ids."""
        return name.startswith(_PLAIN_TAGS) or name in (
            "aws:username", "aws:principalaccount", "aws:principalorgid", "aws:resourceaccount", "aws:resourceorgid",
            "aws:sourceaccount", "aws:sourceorgid", "aws:vpceaccount", "aws:vpceorgid", "aws:sourcevpc",
            "aws:sourcevpce", "s3:resourceaccount", "kms:calleraccount", "aws:requestedregion",
        )  # fmt: skip

    def holds_whole_numbers(self, name: str) -> bool:
        """By the table `integer-keys`."""
        return name in support_list("integer-keys")

    def _make(self, info: KeyInfo, spelled: str, has: Formula) -> Key:
        if not info.multivalued:
            return Key(info, has, self.script.texts.get(spelled, (Ref(spelled),)), (), info.type in _VIEWS)
        tied = f"{spelled} 1" in self.script.texts  # whose first value ground truth determines
        if self._one_value(spelled):
            self.bounds[spelled.lower()] = 1  # the second stays, so that proofs name the axiom that rules it out
        slots = list(self._slots(spelled, has, more=1 if tied else 0))
        first = self.script.texts.get(f"{spelled} 1")
        if first is not None:  # tied to ground truth: present means one value at least
            slots[0] = Slot(has, first)
            self.assertions = [a for a in self.assertions if a.name != f"order {spelled} 1"]
            if len(slots) > 1:
                self.assertions = [a for a in self.assertions if a.name != f"order {spelled} 2"]
                self.assertions.append(Assertion(f"order {spelled} 2", implies(slots[1].has, has)))
        return Key(info, has, (Ref(spelled),), tuple(slots), False)

    def _one_value(self, spelled: str) -> bool:
        """Whether a hard axiom of the text says that there is no second value."""
        second = neg(sym(f"has {spelled} 2"))
        return any(axiom.strength == "hard" and axiom.formula is second for axiom in self.script.axioms)

    def axioms(self) -> list[Axiom]:
        """The axioms on families of keys, for every key in use (`encodings/environment/keys.smt2`)."""
        out: list[Axiom] = []
        done: set[str] = set()
        while todo := [name for name in self.known if name not in done]:
            for name in todo:
                done.add(name)
                out += self._axioms_on(name)
        return out

    def _axioms_on(self, name: str) -> Iterator[Axiom]:
        key, script = self.known[name], self.script
        if key.has is FALSE:
            return
        spelled = key.has.payload.removeprefix("has ")
        classes = _classes(name, known=key.info.known)
        context = name.partition(contexts.PREFIX)[2]
        texts = {"TAG": spelled.partition("/")[2], "HOST": name.rpartition(":")[0], "CONTEXT": context}
        for schema in script.schemas:
            if not schema.fits(name, classes) or not self._in_use(schema.beside):
                continue
            names = {"K": spelled, "has K": f"has {spelled}", "call: lists K": f"call: lists {name}"}
            names["file: resource has K"] = file_has(name)
            if schema.rows is not None:
                yield from self._per_row(schema, name, names, texts)
                continue
            if not schema.per_value:
                yield script.instance(schema, names, texts, self._values)
                continue
            has = ["false", *(str(slot.has.payload) for slot in key.slots), "false"]
            for i in range(1, len(has) - 1):
                own = {"K": f"{spelled} {i}", "has K": has[i], "has K before": has[i - 1], "has K next": has[i + 1]}
                yield script.instance(schema, names | own, texts, self._values)

    def _per_row(self, schema: Schema, name: str, names: dict[str, str], texts: dict[str, str]) -> Iterator[Axiom]:
        for row in _rows(name, *schema.rows) if schema.rows else ():
            for account in self.told_accounts:
                yield self.script.instance(schema, names, texts | row | {"ACCOUNT": account}, self._values)

    def _in_use(self, name: str) -> bool:
        return not name or name in self.known or name in self.bounds

    def _values(self, name: str) -> list[tuple[Formula, Template]]:
        return [(slot.has, slot.term) for slot in self.key(name).slots]

    def _own_points(self, name: str, key: Key) -> None:
        """Calls through access points of the workspace's accounts are asked about by themselves (semantics 3.7)."""
        own = [is_text("point.account", account) for account in self.accounts]
        if name == _POINT_KEYS[0]:
            own = [both(is_text("point.arn-service", "s3"), each) for each in own]
        listed = atom(Member("call", f"lists {name}"))
        fact = implies(key.has, either(listed, neg(either(*own))))
        self.assertions.append(Assertion("organization.yaml access points", fact))

    def _type(self, key: Key) -> None:
        add = self.assertions.append
        view = _VIEWS.get(key.info.type)
        single = key.term[0] if len(key.term) == 1 else None
        if key.info.multivalued or not isinstance(single, Ref) or key.info.key in self.script.texts:
            return
        if view:
            add(Assertion(f"type {key.info.key}", implies(key.has, atom(Parses(single.var, view)))))
        elif key.info.type == "Bool":
            add(Assertion(f"type {key.info.key}", either(is_text(single.var, "true"), is_text(single.var, "false"))))


def _rows(name: str, table: str, field: str, value: str) -> Iterator[dict[str, str]]:
    """The texts that fields of the rows on a key stand for: `arn_service` for "ARN_SERVICE"."""
    for row in table_rows(table):
        if row["key"].lower() == name and row[field] == value:
            yield {part.upper(): text for part, text in row.items() if isinstance(text, str)}


def file_has(key: str) -> str:
    """The symbol for: the called resource is listed and has this tag."""
    return f"file: resource has {key}"


def _classes(name: str, *, known: bool) -> set[str]:
    """What `:for-each` calls a key: a claim of an OIDC provider, a key of a known service, an unknown one."""
    host, _, claim = name.rpartition(":")
    if "." in host and not host.startswith("aws"):
        return {"provider-claim", "provider-id"} if claim in ("sub", "aud") else {"provider-claim"}
    if not known:
        return {"unknown-key"}
    return set() if name.startswith("aws:") else {"service-key"}
