; The perimeter on ground truth (semantics 5.2, 5.3). The symbols declared here are defined from perimeter.yaml
; and organization.yaml; none of them looks at a condition key.
(declare-const principal.mine Bool)          ; MyAccount(principal.account)
(declare-const resource.mine Bool)
(declare-const behalf.mine Bool)
(declare-const principal.third-party Bool)   ; a declared partner, for this resource and action
(declare-const principal.vendor Bool)        ; a declared vendor that takes a role of mine meant for it
(declare-const resource.third-party Bool)    ; a declared foreign resource, for this caller and action
(declare-const resource.of-service Bool)     ; a declared AWS-owned resource
(declare-const service.trusted Bool)         ; a service principal that may act for me
(declare-const endpoint.mine Bool)           ; a declared endpoint or VPC, or an endpoint of my accounts
(declare-const address.mine Bool)            ; the source address lies in a declared range
(declare-const service-networks.mine Bool)   ; networks of the services that run my roles are accepted
(declare-const vpc.of-known-id Bool)         ; the VPC bears the id of one of the workspace, to whose Region the call goes
(declare-const vpc.known Bool)               ; it is one of the workspace, by id and Region

(define-fun my-iam () Bool
  (or (and iam principal.mine)
      (and (= caller aws-service) service.trusted behalf.mine)))
(define-fun trusted-iam () Bool (or my-iam principal.third-party principal.vendor))
(define-fun my-resource () Bool resource.mine)
; An access point may stand on a bucket of another account (3.7): a call through one of mine reaches that bucket.
(declare-const point.on-untold Bool)         ; the call goes through one, and nobody told on whose bucket it stands
(declare-const point.on-foreign Bool)        ; ... and its bucket is listed, in an account that is not mine, and not declared
(define-fun behind.foreign () Bool
  (or point.on-foreign (and point.on-untold (not behind.own) (not behind.trusted))))
(define-fun trusted-resource () Bool
  (or (and my-resource (not behind.foreign)) resource.of-service resource.third-party))
(define-fun my-network () Bool
  (or (and on-endpoint endpoint.mine)
      (and (= wire public) address.mine)
      (and forwarded first-hop.mine)
      (and (= caller aws-service) behalf.mine)
      (and principal.service-role principal.mine (= wire aws-network) service-networks.mine)))
(define-fun through-my-endpoint () Bool (and on-endpoint endpoint.mine))

; Permissions that are no calls of their own: they are asked for beside a call that must be allowed as well (3.6).
(define-fun beside-another-call () Bool
  (or (= action "sts:TagSession") (= action "sts:SetSourceIdentity") (= action "sts:SetContext")))

; Before authentication there is no identity to trust or not: who signs in is asked for afterwards (W-26).
(define-fun O1.premise () Bool (and my-resource (not before-authentication)))
(define-fun O1.conclusion () Bool trusted-iam)
(define-fun O2.premise () Bool (and through-my-endpoint (not before-authentication)))
(define-fun O2.conclusion () Bool trusted-iam)
(define-fun O3.premise () Bool (and iam principal.mine))
(define-fun O3.conclusion () Bool trusted-resource)
(define-fun O4.premise () Bool through-my-endpoint)
(define-fun O4.conclusion () Bool trusted-resource)
(define-fun O5.premise () Bool (and iam principal.mine))
(define-fun O5.conclusion () Bool my-network)
(define-fun O6.premise () Bool my-resource)
(define-fun O6.conclusion () Bool (or my-network principal.third-party principal.vendor (and (= caller aws-service) service.trusted behalf.mine)))

; What the perimeter means to let through (availability): my identities on what they may touch, from my network, and
; the parties that it trusts, on my resources and from networks of their own.
; Where `regions` says where my identities call, calls of theirs to other Regions are not meant to get through.
; A role is passed within a call of another service, in the Region of that one, which is asked about by itself: where no
; `regions` say where calls go, passing is asked for in the Region of IAM's control plane alone (W-17).
(declare-const region.elsewhere Bool)        ; `regions` leaves the Region out, and the service has more than one
(define-fun intended.mine () Bool (and my-iam my-resource my-network (not (and iam region.elsewhere))))
(define-fun intended.trusted-resource () Bool
  (and iam principal.mine (not my-resource) (or resource.of-service resource.third-party) my-network
       (not region.elsewhere)))
(define-fun intended.trusted-party () Bool
  (and principal.third-party (not my-iam) my-resource (not through-my-endpoint) (not forwarded)))

; What no guardrail of the enforcing type can hold back (semantics 5.5).
(declare-const resource.management Bool)
(define-fun reach.management-account.scp () Bool (and iam principal.management))
(define-fun reach.management-account.rcp () Bool resource.management)
(define-fun reach.service-linked-roles () Bool principal.service-linked)
(define-fun reach.services-outside-rcp () Bool (not |call: service in rcp-services|))
(define-fun reach.kms-retire-grant () Bool (= action "kms:RetireGrant"))
(define-fun reach.aws-managed-keys () Bool resource.aws-managed-key)
(define-fun reach.services-without-endpoint-policy () Bool |call: action in endpoint-policy-unsupported|)
(define-fun reach.tasks-outside-scp () Bool (and iam principal.member scp.exempt))
(declare-const |call: action in public-operations| Bool)
(define-fun reach.public-operations () Bool (and |call: action in public-operations| (= caller anonymous)))
(define-fun reach.in-vpc-data-planes () Bool (= wire in-vpc))
(define-fun reach.forward-access-sessions () Bool (and forwarded (not first-hop.mine)))
(define-fun reach.silent-services () Bool
  (and (= caller aws-service) (not |has aws:SourceAccount|)))

; Assumptions on services (soft; left out in mode over unless the perimeter accepts them by name).
(assert (! (=> forwarded first-hop.mine) :named P1.first-hop :strength soft
  :source "semantics 5.2: the first hop is a call of its own, held to the same objective; which services carry calls on is told by table forwarding-services, and AWS publishes no complete list"))
(assert (! (=> (and (= caller aws-service) (not |has aws:SourceAccount|) resource.mine) behalf.mine)
  :named P2.silent-service :strength soft
  :source "semantics 5.2: a service that does not say for whom it calls acts for the owner of the resource"))
(assert (! (=> (and (= caller aws-service) (= wire endpoint))
    (and (= behalf.account endpoint.account) (=> endpoint.mine behalf.mine)))
  :named P3.service-on-endpoint :strength soft
  :source "semantics 7, X-37: a service principal on a customer's endpoint acts for that customer"))
(assert (! (=> (and (= caller aws-service) (= wire endpoint) endpoint.mine) trusted-resource)
  :named P4.service-resources :strength soft
  :source "data-perimeter-policy-examples, VPC endpoint policies: service principals reach resources of services"))
(assert (! (=> (and forwarded |has aws:SourceIp|) (= first-hop.mine address.mine)) :named AN6.address :strength soft
  :source "IAM guide, forward access sessions: the source address is the caller's (X-36)"))
; Ids of VPCs are unique in a Region only, so that policies ask for the Region of the call as well. That a VPC with the
; id of mine lies elsewhere and has an endpoint across Regions to just this one would be an accident: AWS assigns ids.
(assert (! (=> vpc.of-known-id vpc.known) :named AN15 :strength soft
  :source "global condition keys, aws:SourceVpc; EC2 guide, resource ids: AWS assigns the id of a VPC when it is made"))
(assert (! (=> (and principal.service-role (= wire aws-network)) (not address.mine)) :named AN8.address :strength soft
  :source "semantics 4.8, AN8"))
