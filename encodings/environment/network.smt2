; Axioms on the wire (semantics 4.8, AN*; table 4.4). AN4 for the endpoints that were given comes with them.

(assert (! (and (=> |has aws:SourceVpce| (= wire endpoint)) (=> |has aws:SourceVpc| (= wire endpoint))
                (=> |has aws:VpcSourceIp| (= wire endpoint)))
  :named AN1.absent :strength hard :source "global condition keys, aws:SourceVpce and aws:SourceVpc"))
(assert (! (=> (and (= wire endpoint) (not (= caller aws-service))) |has aws:SourceVpce|)
  :named AN1.vpce :strength hard :source "global condition keys, aws:SourceVpce"))
(assert (! (=> (and (= wire endpoint) (not (= caller aws-service))) |has aws:SourceVpc|)
  :named AN1.vpc :strength hard :source "global condition keys, aws:SourceVpc"))
(assert (! (=> (and (= wire endpoint) (not (= caller aws-service))) |has aws:VpcSourceIp|)
  :named AN1.address :strength soft :source "global condition keys, aws:VpcSourceIp"))
(assert (! (= |has aws:SourceVpce| |has aws:SourceVpc|) :named AN1 :strength soft :source "semantics 4.8, AN1"))
(assert (! (=> (= caller aws-service) (= |has aws:SourceVpce| |has aws:VpcSourceIp|)) :named AN7.together :strength soft
  :source "semantics 4.8, AN7"))

(assert (! (=> (= wire endpoint) (not |has aws:SourceIp|)) :named AN2 :strength hard
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

(assert (! (=> (= wire endpoint) (and (is-account endpoint.account) (is-account vpc.account)
    (str.prefixof "vpce-" endpoint.id) (str.prefixof "vpc-" endpoint.vpc)))
  :named AN4.format :strength hard :source "semantics 4.4"))
(assert (! (=> (= wire endpoint) (and
    (str.in_re endpoint.id (re.+ (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-"))))
    (str.in_re endpoint.vpc (re.+ (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-"))))
    (is-region endpoint.region)))
  :named AN4.characters :strength hard :source "EC2 resource ids: lower-case letters, digits and hyphens"))
(assert (! (=> (not (= wire endpoint)) (and (= endpoint.id "") (= endpoint.vpc "") (= endpoint.region "")
    (= endpoint.account "") (= vpc.account ""))) :named AN4.none :strength hard
  :source "semantics 4.1: defined only on an endpoint"))

; Endpoint and VPC may have different owners: participants of a shared subnet (AN5).
(assert (! (=> (= wire endpoint) (or (= endpoint.account vpc.account)
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
(assert (! (=> (and (= wire endpoint) (not |call: service in cross-region-endpoints|))
    (= endpoint.region request.region)) :named AN9 :strength soft :source "semantics 4.8, AN9"))
(assert (! (=> |has aws:SourceIp| (parses source.address address)) :named AN11.address :strength hard
  :source "global condition keys, aws:SourceIp: an address"))
; 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 127.0.0.0/8, ::1, fc00::/7, IPv4-mapped (X-31)
(assert (! (=> (and |has aws:SourceIp| (= wire public)) (not (or
    (= ((_ extract 128 24) (address source.address)) (_ bv10 105))
    (= ((_ extract 128 20) (address source.address)) (_ bv2753 109))
    (= ((_ extract 128 16) (address source.address)) (_ bv49320 113))
    (= ((_ extract 128 24) (address source.address)) (_ bv127 105))
    (= ((_ extract 128 0) (address source.address)) (_ bv340282366920938463463374607431768211457 129))
    (= ((_ extract 128 121) (address source.address)) (_ bv254 8)))))
  :named AN11 :strength soft :source "semantics 4.8, AN11"))
