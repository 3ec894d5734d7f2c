; Every symbol of one request: ground truth first, then the condition keys it determines.
; Keys that are not named here are declared on demand: |K| for the value, |has K| for its presence,
; |K 2| and |has K 2| for the second value of a multivalued key.
; A symbol |call: ...| is a property of the called action and its resource type, decided by tables.
(set-logic ALL)

; --- who calls (semantics 4.1) -------------------------------------------------------------------
(declare-datatypes ((Caller 0) (Wire 0))
  (((user) (role) (federated-user) (root) (aws-service) (anonymous) (federated-sts))
   ((public) (endpoint) (aws-network) (console) (in-vpc))))
(declare-const caller Caller)
(declare-const principal.arn-service String)      ; iam, or sts for federated users
(declare-const principal.account String)          ; 12 digits; the word anonymous; empty: none
(declare-const principal.name String)             ; user/..., role/..., root, federated-user/...
(declare-const principal.session String)          ; name of a role session or of a federated user
(declare-const principal.unique-id String)        ; AROA... of a role
(declare-const principal.user String)             ; federated user: user/... that made the token
(declare-const principal.service String)          ; service principal name
(declare-const principal.provider String)         ; SAML or OIDC provider of an STS call
(declare-const principal.temporary Bool)
(declare-const principal.assumed-root Bool)
(declare-const principal.made-by-root Bool)
(declare-const principal.service-linked Bool)
(declare-const principal.service-role Bool)
(declare-const source.arn-service String)         ; the resource for which it acts, field by field
(declare-const source.region String)
(declare-const source.account String)
(declare-const source.name String)
(declare-const behalf.account String)             ; for whom a service principal acts; empty: nobody
(declare-const forwarded Bool)                    ; this hop is a forward access session
(declare-const first-hop.mine Bool)               ; its first hop used my network

; --- which wire ----------------------------------------------------------------------------------
(declare-const wire Wire)
(declare-const source.address String)
(declare-const instance.region String)            ; of the instance that EC2 delivered the session to
(declare-const instance.id String)                ; i-...
(declare-const function.region String)            ; of the function that the session was made for
(declare-const function.name String)
(declare-const endpoint.id String)
(declare-const endpoint.vpc String)
(declare-const endpoint.account String)
(declare-const endpoint.region String)
(declare-const vpc.account String)

; --- what is called ------------------------------------------------------------------------------
(declare-const action String)                     ; s3:GetObject; from the service reference
(declare-const service String)                    ; s3
(declare-const aws.partition String)               ; one per organization: a constant of each problem (W-1)
(declare-const resource.region String)
(declare-const resource.account String)           ; owner; 12 digits or aws
(declare-const resource.name String)              ; the sixth field of the ARN
(declare-const point.arn-service String)          ; the ARN of the access point that the keys tell, by its fields
(declare-const point.region String)
(declare-const point.account String)
(declare-const point.name String)
(declare-const behind.bucket String)              ; the bucket behind the access point that the call names
(declare-const behind.own Bool)                   ; it belongs to the owner of the access point
(declare-const behind.trusted Bool)               ; it is mine or declared, whoever owns the access point
(declare-const request.region String)
(declare-const |call: resource is star| Bool)     ; the action has no resource type
(declare-const |call: asked on stars| Bool)       ; nor has this one: asked on what AWS writes for all of a type, user/ or table/*
(declare-const |call: on a key| Bool)             ; a KMS call that a key policy governs: not on aliases, not ListKeys
(declare-const resource.aws-managed-key Bool)     ; a key that AWS manages in the account
(declare-const |call: arn has account| Bool)      ; the account field is written
(declare-const |call: arn has region| Bool)

; The page of AWS Sign-In asks its policies before anybody is authenticated (W-26).
(define-fun before-authentication () Bool (= action "signin:Authenticate"))
(declare-const |call: action in sign-in-actions| Bool)
(declare-const sign-in.unguarded Bool)            ; console authorization is not enabled: no policy is asked

; Access control lists of S3 buckets and objects (semantics 3.7).
(declare-const acl.at-bucket Bool)           ; S3: a list of the called bucket or object that nobody told may grant the call
(declare-const acl.enabled Bool)             ; S3: access control lists count, and nobody told what one says of the call
(declare-const acl.not-told Bool)            ; S3: nobody told whether access control lists count
(declare-const acl.public-ignored Bool)      ; S3: what lists grant to everybody counts as absent (IgnorePublicAcls)
(declare-const acl.unlisted Bool)            ; an access control list that nobody told grants the call, if it counts
(declare-const acl.disabled Bool)            ; lists do not count where nobody told whether they do (AE7.acl)

; --- who owns what -------------------------------------------------------------------------------
(declare-fun org (String) String)                 ; organization id of an account; empty: none
(declare-fun units (String) String)               ; the way from the root of that organization to its unit: r-x/ou-x/
; An account has one parent, so there is one path: o-x/r-x/ou-x/. It is a composition, which makes "the path lies below
; o-x/r-x/*" two facts on two texts, and the organization of a path that of its account without a further axiom.
(define-fun orgpath ((x String)) String (str.++ (org x) "/" (units x)))
(declare-const resource.member Bool)              ; an account of my organization, not the management account

(define-fun iam () Bool (or (= caller user) (= caller role) (= caller federated-user) (= caller root)))
(define-fun signed () Bool (not (or (= caller anonymous) (= caller federated-sts))))
; A VPC endpoint of a customer is used: for the call itself, or for the console that makes the call (W-19).
(define-fun on-endpoint () Bool (or (= wire endpoint) (= wire console)))
(define-fun is-account ((x String)) Bool (str.in_re x ((_ re.loop 12 12) (re.range "0" "9"))))
; (row-of TABLE (field term) ...): some row of keys/TABLE.json has these terms in these fields.
(define-fun is-region ((x String)) Bool (row-of partitions (partition aws.partition) (regions x)))
; Global inference runs a model in whatever Region has room: the word `unspecified` stands for it, and the model's ARN has
; no Region.
(declare-const |call: action in global-inference-actions| Bool)
(define-fun in-any-region () Bool (and |call: action in global-inference-actions| (= aws.partition "aws")
  (str.prefixof "foundation-model/" resource.name) (= request.region "unspecified")))
(define-fun in-organization ((x String)) Bool (not (= (org x) "")))
; A Multi-Region Access Point of S3, or an object of one: its ARN has an account and no Region.
(declare-const |call: arn service ~ s3| Bool)
(define-fun on-multi-region () Bool (and |call: arn service ~ s3| |call: arn has account| (not |call: arn has region|)
  (str.prefixof "accesspoint/" resource.name)))

; --- condition keys that ground truth determines -------------------------------------------------
(define-fun |aws:PrincipalArn| () String
  (str.++ "arn:" aws.partition ":" principal.arn-service "::" principal.account ":" principal.name))
(define-fun |aws:PrincipalAccount| () String principal.account)
(define-fun |aws:PrincipalOrgID| () String (org principal.account))
(define-fun |aws:PrincipalOrgPaths 1| () String (orgpath principal.account))
(define-fun |aws:PrincipalServiceName| () String principal.service)
(define-fun |aws:PrincipalServiceNamesList 1| () String principal.service)
(define-fun |kms:CallerAccount| () String principal.account)
(define-fun |aws:SourceAccount| () String behalf.account)
(define-fun |aws:SourceArn| () String
  (str.++ "arn:" aws.partition ":" source.arn-service ":" source.region ":" source.account ":" source.name))
(define-fun |aws:SourceOrgID| () String (org behalf.account))
(define-fun |aws:SourceOrgPaths 1| () String (orgpath behalf.account))
(define-fun |aws:SourceIp| () String source.address)
(define-fun |aws:SourceVpce| () String endpoint.id)
(define-fun |aws:SourceVpc| () String endpoint.vpc)
(define-fun |aws:SourceVpcArn| () String
  (str.++ "arn:" aws.partition ":ec2:" endpoint.region ":" vpc.account ":vpc/" endpoint.vpc))
(define-fun |ec2:SourceInstanceArn| () String
  (str.++ "arn:" aws.partition ":ec2:" instance.region ":" principal.account ":instance/" instance.id))
(define-fun |lambda:SourceFunctionArn| () String
  (str.++ "arn:" aws.partition ":lambda:" function.region ":" principal.account ":function:" function.name))
(define-fun |aws:VpceAccount| () String endpoint.account)
(define-fun |aws:VpceOrgID| () String (org endpoint.account))
(define-fun |aws:VpceOrgPaths 1| () String (orgpath endpoint.account))
(define-fun |aws:ResourceAccount| () String resource.account)
(define-fun |aws:ResourceOrgID| () String (org resource.account))
(define-fun |aws:ResourceOrgPaths 1| () String (orgpath resource.account))
(define-fun |s3:ResourceAccount| () String resource.account)
(define-fun |aws:RequestedRegion| () String request.region)
(define-fun |s3:DataAccessPointArn| () String
  (str.++ "arn:" aws.partition ":" point.arn-service ":" point.region ":" point.account ":" point.name))
(define-fun |s3:DataAccessPointAccount| () String point.account)

; Presence of keys that the axioms speak about.
(declare-const |has aws:PrincipalArn| Bool)
(declare-const |has aws:PrincipalAccount| Bool)
(declare-const |has aws:PrincipalOrgID| Bool)
(declare-const |has aws:PrincipalOrgPaths| Bool)
(declare-const |has aws:PrincipalOrgPaths 2| Bool)
(declare-const |has aws:PrincipalIsAWSService| Bool)
(declare-const |aws:PrincipalIsAWSService| String)
(declare-const |has aws:PrincipalServiceName| Bool)
(declare-const |has aws:PrincipalServiceNamesList| Bool)
(declare-const |has aws:PrincipalType| Bool)
(declare-const |aws:PrincipalType| String)
(declare-const |has aws:userid| Bool)
(declare-const |aws:userid| String)
(declare-const |has aws:username| Bool)
(declare-const |aws:username| String)
(declare-const |has aws:TokenIssueTime| Bool)
(declare-const |aws:TokenIssueTime| String)
(declare-const |has aws:MultiFactorAuthPresent| Bool)
(declare-const |aws:MultiFactorAuthPresent| String)
(declare-const |has aws:MultiFactorAuthAge| Bool)
(declare-const |aws:MultiFactorAuthAge| String)
(declare-const |has aws:AssumedRoot| Bool)
(declare-const |aws:AssumedRoot| String)
(declare-const |has aws:FederatedProvider| Bool)
(declare-const |aws:FederatedProvider| String)
(declare-const |has aws:SourceIdentity| Bool)
(declare-const |has aws:SignInSessionArn| Bool)
(declare-const |has aws:ChatbotSourceArn| Bool)
(declare-const |has aws:Ec2InstanceSourceVpc| Bool)
(declare-const |aws:Ec2InstanceSourceVpc| String)
(declare-const |has aws:Ec2InstanceSourcePrivateIPv4| Bool)
(declare-const |has ec2:SourceInstanceArn| Bool)
(declare-const |has lambda:SourceFunctionArn| Bool)
(declare-const |has ec2:RoleDelivery| Bool)
(declare-const |ec2:RoleDelivery| String)
(declare-const |has aws:SourceIp| Bool)
(declare-const |has aws:SourceVpce| Bool)
(declare-const |has aws:SourceVpc| Bool)
(declare-const |has aws:VpcSourceIp| Bool)
(declare-const |has aws:SourceVpcArn| Bool)
(declare-const |has aws:VpceAccount| Bool)
(declare-const |has aws:VpceOrgID| Bool)
(declare-const |has aws:VpceOrgPaths| Bool)
(declare-const |has aws:VpceOrgPaths 2| Bool)
(declare-const |has aws:ResourceAccount| Bool)
(declare-const |has aws:ResourceOrgID| Bool)
(declare-const |has aws:ResourceOrgPaths| Bool)
(declare-const |has aws:ResourceOrgPaths 2| Bool)
(declare-const |has s3:ResourceAccount| Bool)
(declare-const |has aws:CalledVia| Bool)
(declare-const |has aws:CalledViaAWSMCP| Bool)
(declare-const |has aws:ViaAWSMCPService| Bool)
(declare-const |has aws:CalledViaFirst| Bool)
(declare-const |has aws:CalledViaLast| Bool)
(declare-const |aws:CalledViaFirst| String)
(declare-const |aws:CalledViaLast| String)
(declare-const |has aws:ViaAWSService| Bool)
(declare-const |aws:ViaAWSService| String)
(declare-const |has aws:CurrentTime| Bool)
(declare-const |aws:CurrentTime| String)
(declare-const |has aws:EpochTime| Bool)
(declare-const |aws:EpochTime| String)
(declare-const |has aws:RequestedRegion| Bool)
(declare-const |has aws:SecureTransport| Bool)
(declare-const |aws:SecureTransport| String)
(declare-const |has aws:SourceArn| Bool)
(declare-const |has aws:SourceAccount| Bool)
(declare-const |has aws:SourceOrgID| Bool)
(declare-const |has aws:SourceOrgPaths| Bool)
(declare-const |has aws:SourceOrgPaths 2| Bool)
(declare-const |has s3:DataAccessPointArn| Bool)
(declare-const |has s3:DataAccessPointAccount| Bool)
(declare-const |has s3:AccessPointNetworkOrigin| Bool)
(declare-const |s3:AccessPointNetworkOrigin| String)
(declare-const |has kms:ViaService| Bool)
(declare-const |kms:ViaService| String)
(declare-const |has kms:CallerAccount| Bool)
(declare-const |has aws:UserAgent| Bool)
(declare-const |has signin:PrincipalArn| Bool)
(declare-const |signin:PrincipalArn| String)
(declare-const |has cognito-identity-auth:IdentityPoolArn| Bool)
(declare-const |has cognito-identity-unauth:IdentityPoolArn| Bool)
(declare-fun instant (String) Real)
(declare-fun number (String) Real)
(declare-fun address (String) (_ BitVec 129))     ; bit 128: IPv6; IPv4 addresses fill the low 32 bits
