; What leaves the perimeter without a call on a foreign resource: compute outside my network (N1), credentials used
; elsewhere (N2), other Regions (E1), services that carry data out later (E2). Stated like the objectives: a request that
; gets through, meets the premise and breaks the conclusion refutes; proved if there is none. SCPs are asked whatever is
; granted. What a call configures is ground truth; condition keys tell it as far as the tables say.

; --- N1, E2: calls that configure what happens afterwards ------------------------------------------------------
(declare-const configured.elsewhere Bool)       ; the compute that the call makes runs outside my VPCs
(declare-const configured.foreign Bool)         ; the call names a target that is not mine
(declare-const key-tells.elsewhere Bool)        ; the key of keys/compute-settings.json for this action tells so
(declare-const key-tells.foreign Bool)          ; the keys of keys/carriers.json for this action tell so
(declare-const call.sets-up-compute Bool)         ; an action of keys/compute-settings.json
(declare-const call.sets-up-carrier Bool)         ; an action of keys/carriers.json
(declare-const call.carries Bool)                 ; a call by which a role carries the data (`carries`)

(assert (! (=> configured.elsewhere key-tells.elsewhere) :named AC1 :strength soft
  :source "service authorization reference, condition keys of the action; table compute-settings"))
(assert (! (=> configured.foreign key-tells.foreign) :named AC2 :strength soft
  :source "service authorization reference, condition keys of the action; table carriers"))

; What is set up is mine: what my identities do on resources of others is a question of O3.
(define-fun N1.premise () Bool (and iam principal.mine my-resource call.sets-up-compute))
(define-fun N1.conclusion () Bool (not configured.elsewhere))

; A role of mine that carries the data is a caller like any other: it is held to trusted resources as in O3.
(define-fun E2.premise () Bool (and iam principal.mine (or (and my-resource call.sets-up-carrier) call.carries)))
(define-fun E2.conclusion () Bool
  (and (=> (and my-resource call.sets-up-carrier) (not configured.foreign))
       (=> call.carries (or trusted-resource (= resource.account "aws")))))

; --- E1: Regions -------------------------------------------------------------------------------------------------
(declare-const region.mine Bool)                ; the Region that is called is one of `regions`
(declare-const service.one-region Bool)         ; the service has one control plane in this partition (global-regions)
(declare-const through-proxy Bool)              ; the source address is one of `proxies`

(declare-const E1.scope Bool)                   ; the action is one that `scopes` of perimeter.yaml claims for E1
(define-fun E1.premise () Bool (and iam principal.mine E1.scope))
(define-fun E1.conclusion () Bool (or region.mine service.one-region))

; Identities of others that share an address of mine, on resources of others: no policy of mine is asked.
(define-fun E1.others () Bool
  (and iam (not principal.mine) (not my-resource) (= wire public) (or address.mine through-proxy)))

; --- N2: credentials used elsewhere ------------------------------------------------------------------------------
(declare-const |aws:Ec2InstanceSourcePrivateIPv4| String)
(declare-const |aws:VpcSourceIp| String)
(declare-const |has s3:authType| Bool)
(declare-const |s3:authType| String)
; A session that EC2 delivered to an instance says so in every call, by four keys; it is used where the instance stands, in
; its VPC, or by services that act for its caller. The role by which EC2 itself attaches encrypted volumes to an instance is
; delivered to none, and nobody holds credentials of it.
(define-fun of-an-instance () Bool
  (and (= caller role) principal.mine (not ec2-infrastructure) |has ec2:SourceInstanceArn| |has ec2:RoleDelivery|
       |has aws:Ec2InstanceSourceVpc| |has aws:Ec2InstanceSourcePrivateIPv4|))
(define-fun at-the-instance () Bool
  (and on-endpoint (= endpoint.vpc |aws:Ec2InstanceSourceVpc|)))
(define-fun N2.instance.premise () Bool (and of-an-instance (not forwarded)))
(define-fun N2.instance.conclusion () Bool (or at-the-instance (= wire in-vpc)))
; Inside that VPC it is used by the instance alone if the call comes from the address that it was delivered to.
(define-fun N2.address.premise () Bool
  (and N2.instance.premise at-the-instance
       (=> |has aws:VpcSourceIp| (str.in_re |aws:VpcSourceIp|    ; addresses in a VPC have no scope
         (re.+ (re.union (re.range "0" "9") (re.range "a" "f") (str.to_re ".") (str.to_re ":")))))))
(define-fun N2.address.conclusion () Bool
  (and |has aws:VpcSourceIp| |has aws:Ec2InstanceSourcePrivateIPv4|
       (= |aws:VpcSourceIp| |aws:Ec2InstanceSourcePrivateIPv4|)))
(define-fun N2.network.premise () Bool N2.instance.premise)
(define-fun N2.network.conclusion () Bool (or my-network (= wire in-vpc)))

; A URL that an identity of mine signed is a call of that identity, by whoever holds the URL.
(define-fun N2.presigned.premise () Bool
  (and iam principal.mine (not ec2-infrastructure) (= service "s3") |has s3:authType|
       (= |s3:authType| "REST-QUERY-STRING") (not forwarded)))
(define-fun N2.presigned.conclusion () Bool my-network)
; So is a form that it signed: whoever holds it uploads an object.
(define-fun N2.forms.premise () Bool
  (and iam principal.mine (not ec2-infrastructure) (= action "s3:PutObject") |has s3:authType|
       (= |s3:authType| "POST") (not forwarded)))
(define-fun N2.forms.conclusion () Bool my-network)

(define-fun N2.unsigned.premise () Bool (and my-resource (= caller anonymous) (not before-authentication) (not reach.services-outside-rcp)))
(define-fun N2.unsigned.conclusion () Bool false)

(declare-const call.hands-out Bool)               ; an action of keys/portable-credentials.json
(define-fun N2.handed-out.premise () Bool (and iam principal.mine (not ec2-infrastructure) my-resource call.hands-out))
(define-fun N2.handed-out.conclusion () Bool false)

; Signing in to the console is decided by resource policies and RCPs before anybody is known (W-26).
(define-fun N2.sign-in.premise () Bool (and before-authentication my-resource))
(define-fun N2.sign-in.conclusion () Bool my-network)
