"""Condition keys as AWS fills them, tied to ground truth by the formal text (semantics 4.2 to 4.7)."""

from __future__ import annotations

from perimeter_smt.encode.language.keys import Key, Slot, Space, sym_is
from perimeter_smt.encode.language.principal import of_host
from perimeter_smt.logic.atoms import CharSet, Glob, Member, Parses, Ref, Run, Template, Text, View
from perimeter_smt.logic.compose import glob_on
from perimeter_smt.logic.formula import FALSE, Formula, atom, both, either, equal, implies, is_text, neg, sym
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.logic.reader import Script
from perimeter_smt.request.keys import KeyInfo, key_info, support_list

TAG_CHARACTERS = CharSet(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _.:/=+-@"
    + "".join(chr(c) for c in range(0xC0, 0x100) if c not in (0xD7, 0xF7))
)
_TAG_PREFIXES = ("aws:principaltag/", "aws:resourcetag/", "aws:requesttag/")
_SAML_SESSION_KEYS = frozenset(["saml:sub", "saml:sub_type", "saml:namequalifier"])  # they go on into the session
_TAG_KEY_LISTS = ("aws:tagkeys", "s3:requestobjecttagkeys", "sts:transitivetagkeys")
_SESSION_KEYS = frozenset(  # named after services, yet of the session (semantics 4.3): any action can carry them
    [
        "ec2:sourceinstancearn",
        "ec2:roledelivery",
        "lambda:sourcefunctionarn",
        "ssm:sourceinstancearn",
        "glue:roleassumedby",
        "glue:credentialissuingservice",
        "codebuild:buildarn",
        "codebuild:projectarn",
        "identitystore:userid",
    ]
)
_ALWAYS = ("kms:calleraccount", "s3:resourceaccount")  # in every call, whatever the service reference lists
_VIEWS: dict[str, View] = {"Numeric": "number", "Date": "instant", "IPAddress": "address", "ARN": "arn"}


class WorldKeys(Space):
    """Keys as AWS fills them: the formal text for those it names, tables for the rest."""

    def __init__(self, script: Script, bounds: dict[str, int]) -> None:
        super().__init__(bounds)
        self.script = script
        self.spelled = {n.removeprefix("has ").lower(): n.removeprefix("has ") for n in script.sorts if n[:4] == "has "}

    def key(self, name: str) -> Key:
        """The key, made on first use together with the axioms on it."""
        if name not in self.known:
            info = self.info(name)
            spelled = self.spelled.get(name, info.key)
            # What has no colon is no condition key but a placeholder: never set.
            has = sym(f"has {spelled}") if ":" in name else FALSE
            self.known[name] = key = self._make(info, spelled, has)
            self._presence(name, spelled, has)
            self._type(key)
        return self.known[name]

    def is_plain(self, name: str) -> bool:
        """Tags, account ids, organization ids, names: AP19 and the formats of ids."""
        return name.startswith(_TAG_PREFIXES[:2]) or name in (
            "aws:username", "aws:principalaccount", "aws:principalorgid", "aws:resourceaccount", "aws:resourceorgid",
            "aws:sourceaccount", "aws:sourceorgid", "aws:vpceaccount", "aws:vpceorgid", "aws:sourcevpc",
            "aws:sourcevpce", "s3:resourceaccount", "kms:calleraccount", "aws:requestedregion",
        )  # fmt: skip

    def holds_whole_numbers(self, name: str) -> bool:
        """By the table `integer-keys`."""
        return name in support_list("integer-keys")

    def _make(self, info: KeyInfo, spelled: str, has: Formula) -> Key:
        if not info.multivalued:
            if spelled in ("aws:CalledViaFirst", "aws:CalledViaLast"):
                self._ends(spelled)
            return Key(info, has, self.script.texts.get(spelled, (Ref(spelled),)), (), info.type in _VIEWS)
        tied = f"{spelled} 1" in self.script.texts  # whose first value ground truth determines
        slots = list(self._slots(spelled, has, more=1 if tied else 0))
        if spelled.lower() in _TAG_KEY_LISTS:
            self._tag_keys(slots)
        first = self.script.texts.get(f"{spelled} 1")
        if first is not None:  # tied to ground truth: present means one value at least
            slots[0] = Slot(has, first)
            self.assertions = [a for a in self.assertions if a.name != f"order {spelled} 1"]
            if len(slots) > 1:
                self.assertions = [a for a in self.assertions if a.name != f"order {spelled} 2"]
                self.assertions.append(Assertion(f"order {spelled} 2", implies(slots[1].has, has)))
            for slot in slots[1:]:
                if spelled.endswith("OrgPaths"):
                    self._further_path(slot, first)
        return Key(info, has, (Ref(spelled),), tuple(slots), False)

    def _tag_keys(self, slots: list[Slot]) -> None:
        """Keys of tags have 1 to 128 of the characters of tags (IAM guide, quotas: tags)."""
        for slot in slots:
            shape = glob_on(slot.term, (Run(TAG_CHARACTERS, 1, 128),))
            self.assertions.append(Assertion("AP19.tag-key", implies(slot.has, shape)))

    def _further_path(self, slot: Slot, first: Template) -> None:
        """A further organization path lies in the same organization (AP6, hard part)."""
        path = first[0]
        assert isinstance(path, Ref)
        org = Ref(path.var.replace("orgpath(", "org("))
        self.assertions.append(
            Assertion("AP6.prefix", implies(slot.has, glob_on(slot.term, (org, Text("/"), Run(CharSet("", True))))))
        )

    def _ends(self, spelled: str) -> None:
        """CalledViaFirst and CalledViaLast are the ends of CalledVia (AR1)."""
        self.bounds.setdefault("aws:calledvia", 1)
        chain = self.key("aws:calledvia").slots
        has = sym(f"has {spelled}")
        self.assertions.append(Assertion("AR1.nonempty", implies(has, chain[0].has)))
        for i, slot in enumerate(chain):
            last = slot.has if i + 1 == len(chain) else both(slot.has, neg(chain[i + 1].has))
            here = slot.has if spelled.endswith("First") else last
            if spelled.endswith("Last") or i == 0:
                var = slot.term[0]
                assert isinstance(var, Ref)
                self.assertions.append(Assertion("AR1.end", implies(both(has, here), equal(spelled, var.var))))

    def _presence(self, name: str, spelled: str, has: Formula) -> None:
        add = self.assertions.append
        host = name.rsplit(":", 1)[0]
        if name.startswith("aws:principaltag/"):
            person = either(sym_is("user"), sym_is("role"), sym_is("federated-user"))
            add(Assertion("AP16.tag-signed", implies(has, either(person, sym_is("root"), sym_is("aws-service")))))
            add(Assertion("soft AP16.tag", implies(has, person)))
        elif name in _SESSION_KEYS:
            add(Assertion("AP14.session", implies(has, sym_is("role"))))
        elif "." in host and not host.startswith("aws"):
            add(Assertion("AP20.provider", self._provider(spelled, host, has)))
        elif (
            name.startswith(("aws:resourcetag/", "aws:requesttag/"))
            or name == "aws:tagkeys"
            or (not name.startswith("aws:") and name not in _ALWAYS and key_info(name).known)
        ):
            listed = atom(Member("call", f"lists {name}"))
            carried = either(listed, sym_is("role")) if name in _SAML_SESSION_KEYS else listed
            add(Assertion("AK1.listed", implies(has, carried)))
        if name.startswith("aws:requesttag/") and "aws:tagkeys" in self.bounds:
            keys = self.key("aws:tagkeys")
            tag = spelled.split("/", 1)[1]
            named = either(*(both(s.has, glob_on(s.term, (Text(tag),))) for s in keys.slots))
            add(Assertion("soft AR10", implies(has, named)))

    def _provider(self, spelled: str, host: str, has: Formula) -> Formula:
        """A claim of an OIDC provider is there in its AssumeRoleWithWebIdentity call, sub and aud always; it may go on
        into the session that comes of it, as Cognito's do."""
        own = both(
            sym_is("federated-sts"),
            atom(Member("call", "action=sts:assumerolewithwebidentity")),
            of_host(host),
        )
        always = spelled.rsplit(":", 1)[1] in ("sub", "aud")
        carried = implies(has, either(own, sym_is("role")))
        return both(carried, implies(own, has)) if always else carried

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
        if key.info.key.lower().startswith(_TAG_PREFIXES[:2]):
            add(Assertion("AP19.tag", atom(Glob(single.var, (Run(TAG_CHARACTERS, 0, None),)))))
