; Axioms on the wire (semantics 4.8, AN*; table 4.4). AN4 for the endpoints that were given comes with them.

(assert (! (and (=> |has aws:SourceVpce| (= wire endpoint)) (=> |has aws:SourceVpc| on-endpoint)
                (=> |has aws:VpcSourceIp| (= wire endpoint)))
  :named AN1.absent :strength hard :source "global condition keys, aws:SourceVpce and aws:SourceVpc"))
(assert (! (=> (and (= wire endpoint) (not (= caller aws-service))) |has aws:SourceVpce|)
  :named AN1.vpce :strength hard :source "global condition keys, aws:SourceVpce"))
(assert (! (=> (and on-endpoint (not (= caller aws-service))) |has aws:SourceVpc|)
  :named AN1.vpc :strength hard :source "global condition keys, aws:SourceVpc"))
(assert (! (=> (and (= wire endpoint) (not (= caller aws-service))) |has aws:VpcSourceIp|)
  :named AN1.address :strength soft :source "global condition keys, aws:VpcSourceIp"))
(assert (! (=> (not (= wire console)) (= |has aws:SourceVpce| |has aws:SourceVpc|)) :named AN1 :strength soft
  :source "semantics 4.8, AN1"))
(assert (! (=> (= caller aws-service) (= |has aws:SourceVpce| |has aws:VpcSourceIp|)) :named AN7.together :strength soft
  :source "semantics 4.8, AN7"))

(assert (! (=> (or on-endpoint (= wire in-vpc)) (not |has aws:SourceIp|)) :named AN2 :strength hard
  :source "global condition keys, aws:SourceIp"))
(assert (! (=> (= wire public) |has aws:SourceIp|) :named AN2.public :strength hard
  :source "global condition keys, aws:SourceIp"))

(assert (! (=> |has aws:SourceVpcArn| (= wire endpoint)) :named AN3.arn-wire :strength hard
  :source "global condition keys, aws:SourceVpcArn"))
(assert (! (=> |has aws:VpceAccount| (= wire endpoint)) :named AN3.account-wire :strength hard
  :source "global condition keys, aws:VpceAccount"))
(assert (! (=> |has aws:VpceOrgID| (and (= wire endpoint) (in-organization endpoint.account)))
  :named AN3.org-wire :strength hard :source "global condition keys, aws:VpceOrgID"))
(assert (! (=> |has aws:VpceOrgPaths| (and (= wire endpoint) (in-organization endpoint.account)))
  :named AN3.paths-wire :strength hard :source "global condition keys, aws:VpceOrgPaths"))
(declare-const |call: service in source-vpc-arn-services| Bool)
(declare-const |call: service in vpce-account-services| Bool)
(declare-const |call: service in vpce-org-id-services| Bool)
(declare-const |call: service in vpce-org-paths-services| Bool)
(assert (! (=> (and (= wire endpoint) (not (= caller aws-service)) (not (= action "iam:PassRole")) |call: service in source-vpc-arn-services|) |has aws:SourceVpcArn|)
  :named AN3.arn :strength hard :source "global condition keys, aws:SourceVpcArn: list of services"))
(assert (! (=> (and (= wire endpoint) (not (= caller aws-service)) (not (= action "iam:PassRole")) |call: service in vpce-account-services|) |has aws:VpceAccount|)
  :named AN3.account :strength hard :source "global condition keys, aws:VpceAccount: list of services"))
(assert (! (=> (and (= wire endpoint) (not (= caller aws-service)) (not (= action "iam:PassRole")) |call: service in vpce-org-id-services|
                    (in-organization endpoint.account)) |has aws:VpceOrgID|)
  :named AN3.org :strength hard :source "global condition keys, aws:VpceOrgID: list of services"))
(assert (! (=> (and (= wire endpoint) (not (= caller aws-service)) (not (= action "iam:PassRole")) |call: service in vpce-org-paths-services|
                    (in-organization endpoint.account)) |has aws:VpceOrgPaths|)
  :named AN3.paths :strength hard :source "global condition keys, aws:VpceOrgPaths: list of services"))
(assert (! (=> |has aws:SourceVpcArn| |call: service in source-vpc-arn-services|) :named AN3.arn-list :strength soft
  :source "global condition keys, aws:SourceVpcArn: list of services; lists grow"))
(assert (! (=> |has aws:VpceAccount| |call: service in vpce-account-services|) :named AN3.account-list :strength soft
  :source "global condition keys, aws:VpceAccount: list of services; lists grow"))
(assert (! (=> |has aws:VpceOrgID| |call: service in vpce-org-id-services|) :named AN3.org-list :strength soft
  :source "global condition keys, aws:VpceOrgID: list of services; lists grow"))
(assert (! (=> |has aws:VpceOrgPaths| |call: service in vpce-org-paths-services|) :named AN3.paths-list :strength soft
  :source "global condition keys, aws:VpceOrgPaths: list of services; lists grow"))
(assert (! (not |has aws:VpceOrgPaths 2|) :named AN3.one :strength hard
  :source "Organizations API reference, ListParents: an account has a single parent"))

(assert (! (=> on-endpoint (and (is-account endpoint.account) (is-account vpc.account)
    (str.prefixof "vpce-" endpoint.id) (str.prefixof "vpc-" endpoint.vpc)))
  :named AN4.format :strength hard :source "semantics 4.4"))
(assert (! (=> on-endpoint (and
    (str.in_re endpoint.id (re.++ (str.to_re "vpce-")
      (re.+ (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-")))))
    (str.in_re endpoint.vpc (re.++ (str.to_re "vpc-")
      (re.+ (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-")))))
    (is-region endpoint.region)))
  :named AN4.characters :strength hard :source "EC2 resource ids: lower-case letters, digits and hyphens"))
(assert (! (=> (not on-endpoint) (and (= endpoint.id "") (= endpoint.vpc "") (= endpoint.region "")
    (= endpoint.account "") (= vpc.account ""))) :named AN4.none :strength hard
  :source "semantics 4.1: defined only on an endpoint"))

; Endpoint and VPC may have different owners: participants of a shared subnet (AN5).
(assert (! (=> on-endpoint (or (= endpoint.account vpc.account)
    (and (in-organization vpc.account) (= (org endpoint.account) (org vpc.account)))))
  :named AN5 :strength hard
  :source "VPC guide, share your VPC subnets: participants belong to the owner's organization"))
(assert (! (=> forwarded (= wire aws-network)) :named AN6 :strength hard
  :source "IAM guide, forward access sessions: the network keys of the first hop are not carried over"))
(assert (! (=> (= wire aws-network) (or forwarded (= caller aws-service) principal.service-role))
  :named AN6.who :strength hard :source "semantics 4.1"))
(assert (! (=> (= caller aws-service) (not (= wire public))) :named AN7 :strength soft
  :source "semantics 4.8, AN7 and X-37"))
(assert (! (=> (and (= caller aws-service) (= wire aws-network)) (not |has aws:SourceIp|)) :named AN7.redacted
  :strength soft :source "global condition keys: network context of service-to-service calls is redacted"))
(assert (! (=> (and principal.service-role (= wire aws-network) (not forwarded)) |has aws:SourceIp|)
  :named AN8 :strength soft :source "semantics 4.8, AN8"))
(declare-const |call: service in cross-region-endpoints| Bool)
(assert (! (=> (and (= wire endpoint) (not |call: service in cross-region-endpoints|) (not in-any-region))
    (= endpoint.region request.region)) :named AN9 :strength soft :source "semantics 4.8, AN9"))
(assert (! (=> |has aws:SourceIp| (parses source.address address)) :named AN11.address :strength hard
  :source "global condition keys, aws:SourceIp: an address"))
; RFC 1918, shared (100.64/10), loopback, link-local, "this network", multicast and reserved (224/3); ::1, unique,
; link-local and multicast IPv6, IPv4-mapped (X-31). Bit 128 tells IPv6.
(define-fun is-private ((x String)) Bool (or
    (= ((_ extract 128 24) (address x)) (_ bv10 105))           ; 10.0.0.0/8
    (= ((_ extract 128 20) (address x)) (_ bv2753 109))         ; 172.16.0.0/12
    (= ((_ extract 128 16) (address x)) (_ bv49320 113))        ; 192.168.0.0/16
    (= ((_ extract 128 22) (address x)) (_ bv401 107))          ; 100.64.0.0/10
    (= ((_ extract 128 16) (address x)) (_ bv43518 113))        ; 169.254.0.0/16
    (= ((_ extract 128 24) (address x)) (_ bv127 105))          ; 127.0.0.0/8
    (= ((_ extract 128 24) (address x)) (_ bv0 105))            ; 0.0.0.0/8
    (= ((_ extract 128 29) (address x)) (_ bv7 100))            ; 224.0.0.0/3
    (= ((_ extract 128 0) (address x)) (_ bv340282366920938463463374607431768211457 129))  ; ::1
    (= ((_ extract 128 0) (address x)) (_ bv340282366920938463463374607431768211456 129))  ; ::
    (= ((_ extract 128 32) (address x)) (_ bv79228162514264337593543950336 97))       ; ::/96
    (= ((_ extract 128 32) (address x)) (_ bv79228162514264337593544015871 97))       ; ::ffff:0:0/96
    (= ((_ extract 128 121) (address x)) (_ bv254 8))           ; fc00::/7
    (= ((_ extract 128 118) (address x)) (_ bv2042 11))         ; fe80::/10
    (= ((_ extract 128 120) (address x)) (_ bv511 9))))         ; ff00::/8
(assert (! (=> |has aws:SourceIp| (not (is-private source.address))) :named AN11 :strength soft
  :source "global condition keys, aws:SourceIp: the public address of the requester; RFC 6890 (W-21)"))

; The console with Private Access makes calls for its user that carry the VPC alone; the console's endpoint is used, and
; its policy binds. Whether a company uses it is not told: left out of day-to-day answers (W-19).
(assert (! (=> (= wire console) (and iam principal.temporary (not forwarded))) :named AN12.caller :strength hard
  :source "console guide, Private Access: calls with the session of the console's user"))
(assert (! (not (= wire console)) :named AN12.console :strength soft
  :source "console guide, Private Access: aws:SourceVpc is there, aws:SourceVpce and aws:VpcSourceIp are not"))

; Not every service supports endpoint policies; of one that does not AWS allows full access to any endpoint.
(declare-const |call: service in endpoint-policy-services| Bool)
(declare-const endpoint.takes-policy Bool)
(assert (! (=> |call: service in endpoint-policy-services| endpoint.takes-policy) :named AN14.documented :strength hard
  :source "VPC guide, endpoint policies: the documentation of a service that supports them has example endpoint policies"))
(assert (! endpoint.takes-policy :named AN14 :strength presumed
  :source "VPC guide, endpoint policies: not all services support them, and AWS publishes no list"))

; Data planes inside a VPC are guarded by security groups and subnets: their calls carry no network key (W-20).
(declare-const |call: action in in-vpc-data-planes| Bool)
; Unsigned clients mount file systems that let them in, and search domains inside a VPC (AE2).
(assert (! (=> (= wire in-vpc) (and |call: action in in-vpc-data-planes| (or iam (= caller anonymous)) (not forwarded)))
  :named AN13 :strength hard
  :source "data-perimeter-policy-examples, network perimeter SCPs: actions left out"))
; Domains of OpenSearch can be public, and S3 on Outposts has a control plane.
(assert (! (=> (and |call: action in in-vpc-data-planes| (not (or (= service "es") (= service "s3-outposts"))))
    (= wire in-vpc)) :named AN13.only :strength soft
  :source "data-perimeter-policy-examples, network perimeter SCPs: actions left out"))
