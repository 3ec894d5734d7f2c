; Axioms on the request and its resource (semantics 4.8, AR*; tables 4.5 to 4.7).

(assert (! (or before-authentication |has aws:ViaAWSService|) :named AR1 :strength hard :source "global condition keys, aws:ViaAWSService"))
(assert (! (ite forwarded (= |aws:ViaAWSService| "true") (= |aws:ViaAWSService| "false")) :named AR1.value
  :strength hard :source "global condition keys, aws:ViaAWSService"))
(assert (! (=> |has aws:CalledVia| forwarded) :named AR1.called-via :strength hard
  :source "global condition keys, aws:CalledVia"))
(assert (! (and (= |has aws:CalledViaFirst| |has aws:CalledViaLast|) (=> |has aws:CalledVia| |has aws:CalledViaFirst|)
    (=> |has aws:CalledViaFirst| forwarded))
  :named AR1.ends :strength hard :source "global condition keys, aws:CalledViaFirst"))
; The page asks of services that they support aws:CalledVia, and does not ask it where it tells of the ends.
(assert (! (=> |has aws:CalledViaFirst| |has aws:CalledVia|) :named AR1.supported :strength soft
  :source "global condition keys, aws:CalledVia: services that support it"))
; Servers that AWS runs for the Model Context Protocol call with the credentials of an identity.
(assert (! (=> (or |has aws:CalledViaAWSMCP| |has aws:ViaAWSMCPService|) iam) :named AR1.mcp :strength soft
  :source "global condition keys, aws:CalledViaAWSMCP: credentials of an IAM principal"))
(assert (! (=> forwarded iam) :named AR2 :strength hard :source "IAM guide, forward access sessions"))

(assert (! (=> |has aws:SourceAccount| (and (= caller aws-service) (not (= behalf.account "")))) :named AR3.account
  :strength hard :source "global condition keys, aws:SourceAccount"))
(assert (! (=> |has aws:SourceArn| (and (= caller aws-service) (not (= behalf.account "")))) :named AR3.arn
  :strength hard :source "global condition keys, aws:SourceArn"))
; The ARN of the resource for which a service calls; S3 buckets and a few others have no account in it (W-15).
(assert (! (=> |has aws:SourceArn| (and (str.in_re source.arn-service
      (re.+ (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-"))))
    (or (= source.region "") (is-region source.region)) (or (= source.account "") (is-account source.account))
    (not (= source.name ""))))
  :named AR5.format :strength hard :source "AWS general reference, ARNs"))
(assert (! (=> (and |has aws:SourceArn| (= source.arn-service "s3"))
    (ite (= source.account "") (= source.region "")
      (str.in_re source.name (re.++ (re.+ (re.union (re.range "a" "z") (str.to_re "-"))) (str.to_re "/") re.all))))
  :named AR5.bucket :strength soft
  :source "S3 guide, policy resources: ARNs of buckets hold no Region and account, those of other types a type"))
(assert (! (=> |has aws:SourceArn| (or (= source.account "") (= source.account behalf.account)))
  :named AR5 :strength soft :source "IAM guide, the confused deputy problem: the account of the resource for which the service calls"))
(assert (! (=> |has aws:SourceOrgID| (and (= caller aws-service) (in-organization behalf.account))) :named AR3.org
  :strength hard :source "global condition keys, aws:SourceOrgID"))
(assert (! (=> |has aws:SourceOrgPaths| (and (= caller aws-service) (in-organization behalf.account))) :named AR3.paths
  :strength hard :source "global condition keys, aws:SourceOrgPaths"))
(assert (! (=> |has aws:SourceOrgID| |has aws:SourceAccount|) :named AR4 :strength soft :source "semantics 4.8, AR4"))
(assert (! (=> (and |has aws:SourceAccount| (in-organization behalf.account)) |has aws:SourceOrgID|) :named AR4.present
  :strength soft :source "global condition keys, aws:SourceOrgID"))
(assert (! (=> (and |has aws:SourceAccount| (in-organization behalf.account)) |has aws:SourceOrgPaths|)
  :named AR4.paths :strength soft :source "global condition keys, aws:SourceOrgPaths"))
(assert (! (not |has aws:SourceOrgPaths 2|) :named AR4.one :strength hard
  :source "Organizations API reference, ListParents: an account has a single parent"))

(declare-const |call: action in no-resource-account-actions| Bool)
(assert (! (=> |call: action in no-resource-account-actions| (not |has aws:ResourceAccount|)) :named AR6.exceptions
  :strength hard :source "global condition keys, aws:ResourceAccount: list of exceptions"))
; events:PutEvents lacks the key for buses of other accounts that were set up as targets before March 2023.
(assert (! (=> (not (or |call: action in no-resource-account-actions| |call: resource is star| |call: asked on stars|
                        before-authentication (= action "events:PutEvents"))) |has aws:ResourceAccount|)
  :named AR6 :strength soft :source "global condition keys, aws:ResourceAccount"))
(assert (! (=> (and (= action "events:PutEvents") iam (= principal.account resource.account)) |has aws:ResourceAccount|)
  :named AR6.own-bus :strength soft :source "global condition keys, aws:ResourceAccount: buses of other accounts only"))
(assert (! (=> (and (or |call: resource is star| |call: asked on stars|) (not |call: action in no-resource-account-actions|)) |has aws:ResourceAccount|)
  :named AR6.star :strength soft :source "semantics 7, X-40"))
(assert (! (= |has aws:ResourceOrgID| (and |has aws:ResourceAccount| (in-organization resource.account)))
  :named AR6.org :strength hard :source "global condition keys, aws:ResourceOrgID"))
(assert (! (= |has aws:ResourceOrgPaths| (and |has aws:ResourceAccount| (in-organization resource.account)))
  :named AR6.paths :strength hard :source "global condition keys, aws:ResourceOrgPaths"))
(assert (! (not |has aws:ResourceOrgPaths 2|) :named AR6.one :strength hard
  :source "Organizations API reference, ListParents: an account has a single parent"))
(assert (! (or (is-account resource.account) (= resource.account "aws")) :named AR7 :strength hard
  :source "semantics 4.1"))
(assert (! (=> (= resource.account "aws") (= (org resource.account) "")) :named AR7.aws :strength hard
  :source "semantics 4.1: AWS-owned resources are in no customer's organization"))
(assert (! (=> |call: resource is star| (is-account resource.account)) :named AR7.star :strength hard
  :source "semantics 7, X-40: an action without resource types touches an account"))
(assert (! (=> |has s3:ResourceAccount| (= service "s3")) :named AR8 :strength soft :source "semantics 4.5"))

(assert (! (=> |has kms:ViaService| (or forwarded (= caller aws-service))) :named AR13 :strength hard
  :source "KMS guide, kms:ViaService"))
(assert (! (=> (and forwarded (= service "kms")) |has kms:ViaService|) :named AR13.present :strength soft
  :source "KMS guide, kms:ViaService"))
(declare-const via.service String)
(declare-const via.domain String)
(assert (! (=> |has kms:ViaService| (and
    (= |kms:ViaService| (str.++ via.service "." request.region "." via.domain))
    (=> (= aws.partition "aws") (= via.domain "amazonaws.com"))
    (str.in_re via.service (re.++ (re.range "a" "z") (re.+ (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-")))))
    (str.in_re via.domain (re.union (str.to_re "amazonaws.com") (str.to_re "amazonaws.com.cn") (str.to_re "amazonaws.eu")
      (str.to_re "c2s.ic.gov") (str.to_re "sc2s.sgov.gov") (str.to_re "cloud.adc-e.uk") (str.to_re "csp.hci.ic.gov")))))
  :named AR13.value :strength soft :source "KMS guide, kms:ViaService: the service in the Region of the call"))
(assert (! (=> |has kms:CallerAccount| iam) :named AR14 :strength soft :source "KMS guide, kms:CallerAccount"))
(assert (! (and (= |has s3:DataAccessPointArn| |has s3:DataAccessPointAccount|)
                (= |has s3:DataAccessPointArn| |has s3:AccessPointNetworkOrigin|))
  :named AR15 :strength soft :source "S3 guide, access points: condition keys"))
; An access point has an account, a name and, but for a Multi-Region one, a Region. Object Lambda and Outposts have points
; of their own, in a Region each.
(assert (! (=> (or |has s3:DataAccessPointArn| |has s3:DataAccessPointAccount|) (and (is-account point.account)
    (str.in_re point.arn-service (re.+ (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-"))))
    (or (= point.region "") (is-region point.region)) (not (= point.name ""))))
  :named AR15.format :strength hard :source "AWS general reference, ARNs; S3 guide, access points: ARNs name the account of the point"))
(assert (! (=> |has s3:DataAccessPointArn| (or
    (and (or (= point.arn-service "s3") (= point.arn-service "s3-object-lambda")) (not (= point.region ""))
      (str.in_re point.name (re.++ (str.to_re "accesspoint/") (re.union (re.range "a" "z") (re.range "0" "9")) (re.* (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-"))))))
    (and (= point.arn-service "s3") (= point.region "")
      (str.in_re point.name (re.++ (str.to_re "accesspoint/") (re.union (re.range "a" "z") (re.range "0" "9")) (re.* (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-"))) (str.to_re ".mrap"))))
    (and (= point.arn-service "s3-outposts") (not (= point.region "")) (str.in_re point.name
      (re.++ (str.to_re "outpost/") (re.union (re.range "a" "z") (re.range "0" "9")) (re.* (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-"))) (str.to_re "/accesspoint/") (re.union (re.range "a" "z") (re.range "0" "9")) (re.* (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-"))))))))
  :named AR15.arn :strength soft
  :source "S3 guide, using access points, Multi-Region Access Point requests, Object Lambda access points, S3 on Outposts: ARNs; access point naming rules"))
; A VPC's access point answers calls on data from its VPC alone. It is made, described and changed by calls of the
; control plane, which carry the origin over any wire.
(declare-const |call: action ~ s3:*accesspoint*| Bool)
(declare-const |call: action ~ s3:*tag*resource| Bool)
(assert (! (=> |has s3:AccessPointNetworkOrigin|
    (or (= |s3:AccessPointNetworkOrigin| "Internet")
        (and (= |s3:AccessPointNetworkOrigin| "VPC")
             (or (= wire endpoint) |call: action ~ s3:*accesspoint*| |call: action ~ s3:*tag*resource|))))
  :named AR15.origin :strength soft :source "S3 guide, access points restricted to a VPC"))
; An access point may be made for a bucket of another account, which then decides for itself (X-43).
(assert (! behind.own :named AR15.owner :strength soft
  :source "S3 guide, access points for buckets in another account: made on purpose"))
(assert (! (or behind.own behind.trusted) :named AR15.mine :strength presumed
  :source "S3 guide, access points for buckets in another account: no page tells which keys hold them back"))
(assert (! (and (not (str.contains behind.bucket "..")) (not (str.prefixof "xn--" behind.bucket))
  (not (str.prefixof "sthree-" behind.bucket)) (not (str.suffixof "-s3alias" behind.bucket))
  (not (str.suffixof "--ol-s3" behind.bucket)) (not (str.suffixof "--x-s3" behind.bucket))
  (not (str.suffixof ".mrap" behind.bucket))
  (str.in_re behind.bucket (re.++ (re.union (re.range "a" "z") (re.range "0" "9"))
  ((_ re.loop 1 61) (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re ".") (str.to_re "-")))
  (re.union (re.range "a" "z") (re.range "0" "9")))))
  :named AR15.bucket :strength soft :source "S3 guide, bucket naming rules: 3 to 63 lower-case letters, digits, dots and hyphens, a letter or digit at both ends, no two adjacent periods, reserved beginnings and ends"))
; A Multi-Region Access Point has an alias that AWS makes. It serves signed calls only, on the operations of a table, from
; anywhere: it has no VPC. Which of its buckets a call is routed to is up to AWS (3.7).
(declare-const |call: action in multi-region-operations| Bool)
(declare-const |call: action ~ s3:*multiregionaccesspoint*| Bool)
(assert (! (=> on-multi-region signed) :named AR25 :strength hard
  :source "S3 guide, Multi-Region Access Point restrictions: they do not support anonymous requests"))
(assert (! (=> on-multi-region (or |call: action in multi-region-operations| |call: action ~ s3:*multiregionaccesspoint*|))
  :named AR25.operation :strength soft
  :source "S3 guide, using Multi-Region Access Points with supported API operations: a subset of the operations of S3"))
(assert (! (=> (and |has s3:AccessPointNetworkOrigin| (or on-multi-region
    (str.in_re point.name (re.++ (str.to_re "accesspoint/") (re.* re.allchar) (str.to_re ".mrap")))))
  (= |s3:AccessPointNetworkOrigin| "Internet")) :named AR25.origin :strength soft
  :source "S3 guide, Multi-Region Access Point permissions: no VPC of their own, policies admit one; the value of the key is not said"))
(assert (! (or before-authentication |has aws:CurrentTime|) :named AR16.current :strength hard :source "global condition keys, aws:CurrentTime"))
(assert (! (or before-authentication |has aws:EpochTime|) :named AR16.epoch :strength hard :source "global condition keys, aws:EpochTime"))
(assert (! (= (instant |aws:EpochTime|) (instant |aws:CurrentTime|)) :named AR16 :strength hard
  :source "global condition keys: one instant"))
(assert (! |has aws:RequestedRegion| :named AR17.present :strength hard
  :source "global condition keys, aws:RequestedRegion"))
(assert (! (or (is-region request.region) in-any-region) :named AR17.code :strength hard
  :source "AWS general reference: Region codes; Bedrock guide, global cross-Region inference"))
(assert (! (ite (and |call: arn has region| (not in-any-region)) (is-region resource.region) (= resource.region ""))
  :named AR17.arn-code :strength hard
  :source "AWS general reference: Region codes; Bedrock guide, global cross-Region inference"))
(declare-const |call: service is global| Bool)
; Access points are called in their Region, also where the ARN of the bucket behind one is asked about.
(assert (! (=> (and |has s3:DataAccessPointArn| (not (= point.region ""))) (= point.region request.region))
  :named AR17.point :strength soft
  :source "S3 guide, using access points: their ARNs encode the Region; global condition keys, aws:RequestedRegion"))
(assert (! (=> (and |call: arn has region| (not |call: service is global|) (not in-any-region)) (= resource.region request.region))
  :named AR17 :strength soft :source "semantics 4.8, AR17"))
; One control plane in each partition serves a global service, and its calls carry the Region of that (W-17).
(define-fun global-region-known () Bool (row-of global-regions (service service) (partition aws.partition)))
; IAM's guide states it of three services, the white paper on fault isolation of those with one control plane in a
; partition, the guide of the China Regions of IAM there. Of the others only the pages on endpoints tell, and those can
; gain endpoints: AWS Support, which IAM's guide counts among them, answers in us-west-2 as well.
(define-fun global-region-stated () Bool
  (or (and (= aws.partition "aws") (or (= service "iam") (= service "cloudfront") (= service "route53")
        (= service "organizations") (= service "account") (= service "networkmanager") (= service "globalaccelerator")))
      (and (= aws.partition "aws-cn") (= service "iam"))))
(define-fun in-global-region () Bool
  (row-of global-regions (service service) (partition aws.partition) (region request.region)))
; iam:PassRole is no call of IAM: it is asked for within the call that the role is passed in, in the Region of that one.
(define-fun within-another-call () Bool (= action "iam:PassRole"))
(assert (! (=> (and global-region-known global-region-stated (not within-another-call)) in-global-region)
  :named AR17.control-plane :strength hard
  :source "global condition keys, aws:RequestedRegion: calls of global services are made to one Region"))
(assert (! (=> (and global-region-known (not within-another-call)) in-global-region)
  :named AR17.one-endpoint :strength soft
  :source "AWS general reference, service endpoints: one endpoint in each partition"))
(assert (! (or before-authentication |has aws:SecureTransport|) :named AR20 :strength hard :source "global condition keys, aws:SecureTransport"))
(assert (! (or before-authentication |has aws:UserAgent|) :named AR21 :strength soft :source "global condition keys, aws:UserAgent"))

; Organization ids are o- and ten to 32 letters and digits, or nothing.
(define-fun is-org ((x String)) Bool (or (= x "")
  (str.in_re x (re.++ (str.to_re "o-") ((_ re.loop 10 10) (re.union (re.range "a" "z") (re.range "0" "9")))
    (re.* (re.union (re.range "a" "z") (re.range "0" "9")))))))
; Ids of a root and of at most five units below it; which of them a stranger's organization has is open.
(define-fun is-units ((x String)) Bool (str.in_re x (re.++ (str.to_re "r-")
  ((_ re.loop 4 32) (re.union (re.range "a" "z") (re.range "0" "9"))) (str.to_re "/")
  ((_ re.loop 0 5) (re.++ (str.to_re "ou-") ((_ re.loop 4 32) (re.union (re.range "a" "z") (re.range "0" "9"))) (str.to_re "-")
    ((_ re.loop 8 32) (re.union (re.range "a" "z") (re.range "0" "9"))) (str.to_re "/"))))))
(assert (! (and (is-org (org principal.account)) (is-org (org resource.account))
                (is-org (org endpoint.account)) (is-org (org vpc.account)) (is-org (org behalf.account)))
  :named AP5.format :strength hard :source "AWS Organizations API reference: organization ids"))
(assert (! (=> (= behalf.account "") (= (org behalf.account) "")) :named AP5.nobody :strength hard
  :source "semantics 4.1"))
(assert (! (=> (= endpoint.account "") (= (org endpoint.account) "")) :named AP5.no-endpoint :strength hard
  :source "semantics 4.1"))
(assert (! (=> (= vpc.account "") (= (org vpc.account) "")) :named AP5.no-vpc :strength hard
  :source "semantics 4.1"))
(assert (! (=> (in-organization principal.account) (is-units (units principal.account))) :named AP6.principal-path :strength hard
  :source "IAM guide, AWS Organizations entity path; Organizations API reference: ids of roots and units"))
(assert (! (=> (in-organization resource.account) (is-units (units resource.account))) :named AP6.resource-path :strength hard
  :source "IAM guide, AWS Organizations entity path; Organizations API reference: ids of roots and units"))
(assert (! (=> (in-organization endpoint.account) (is-units (units endpoint.account))) :named AP6.endpoint-path :strength hard
  :source "IAM guide, AWS Organizations entity path; Organizations API reference: ids of roots and units"))
(assert (! (=> (in-organization vpc.account) (is-units (units vpc.account))) :named AP6.vpc-path :strength hard
  :source "IAM guide, AWS Organizations entity path; Organizations API reference: ids of roots and units"))
(assert (! (=> (in-organization behalf.account) (is-units (units behalf.account))) :named AP6.source-path :strength hard
  :source "IAM guide, AWS Organizations entity path; Organizations API reference: ids of roots and units"))
