; Ids that AWS assigns (AR28). Nobody chooses one, so that a request in which somebody else's fits what policies say of mine
; would be chance. The symbols are defined from patterns and ids of policies; without any the axioms are left out.
(declare-const account.by-chance Bool)            ; an account that nobody names fits a pattern of at least six digits
(declare-const organization.by-chance Bool)       ; an organization that nobody names, one of at least four characters
(declare-const unit.by-chance Bool)               ; another organization has a root or unit of the id of mine
(declare-const endpoint.by-chance Bool)           ; a VPC or endpoint of nobody known, a pattern of at least eight digits
(declare-const endpoint.named-only Bool)          ; one that policies name in full and nobody else, and it is not mine
(declare-const principal.named-only Bool)         ; a role or user of others has the unique id that policies name
(assert (! (not account.by-chance) :named AR28.account :strength soft
  :source "IAM guide, view AWS account identifiers: AWS assigns the 12 digits"))
(assert (! (not organization.by-chance) :named AR28.organization :strength soft
  :source "Organizations API reference: ids of organizations, which AWS assigns"))
(assert (! (not unit.by-chance) :named AR28.unit :strength soft
  :source "Organizations API reference: ids of roots and units, which AWS assigns and does not call unique across organizations"))
(assert (! (not endpoint.by-chance) :named AR28.endpoint :strength soft
  :source "EC2 guide, resource ids: AWS assigns the id of a VPC or endpoint when it is made"))
(assert (! (not endpoint.named-only) :named AR28.named :strength soft
  :source "EC2 guide, resource ids: AWS assigns them; policies of an organization name those of the organization"))
(assert (! (not principal.named-only) :named AR28.principal :strength soft
  :source "IAM guide, unique identifiers: AWS assigns them and does not use one again; policies of an organization name those of the organization"))
