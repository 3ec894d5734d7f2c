; Axioms on families of condition keys. `:for-each` lists patterns of names (stars cross everything) and the classes
; `service-key`, `unknown-key`, `provider-claim` and `provider-id`: the axiom stands for one axiom per key in use that fits and that
; `:except` does not name. K is the name of the key, "TAG" what follows its first slash, "HOST" what precedes its last
; colon, "CONTEXT" what follows `kms:encryptioncontext:`, in lower case. `:for-each-row "TABLE FIELD=VALUE"`: one axiom per
; row of the table with this value whose `key` it is, and per account that such a key may tell: "ARN_SERVICE" is what the
; field `arn_service` of the row holds, "ACCOUNT" the account. `:for-each-value`: one axiom per value of such a multivalued key; K is the value, `has K before` and `has K next` say
; that another stands before or behind it.
; `:with` names a key that must be in use as well. `(some-value L x P)`: some value x of L satisfies P.
; `(any-case T)`: the text T in any mixture of cases.
(declare-const |K| String)
(declare-const |has K| Bool)
(declare-const |has K before| Bool)
(declare-const |has K next| Bool)
(declare-const |call: tags need abac| Bool)       ; see resource.smt2
(declare-const |call: arn service ~ ec2| Bool)
(declare-const resource.aws-managed-key Bool)
(declare-const |call: lists K| Bool)              ; the service reference lists the key for the called action

; A service's key is there only in calls of actions that list it, but for keys of every call (kms:CallerAccount,
; s3:ResourceAccount) and keys of sessions below; claims of SAML go on into the session.
(assert (! (=> |has K| |call: lists K|) :named AK1.listed :strength soft
  :for-each "aws:RequestTag/* aws:TagKeys service-key"
  :except "s3:BucketTag/* s3:DataAccessPointArn s3:DataAccessPointAccount s3:AccessPointNetworkOrigin saml:sub saml:sub_type saml:namequalifier kms:CallerAccount s3:ResourceAccount ec2:SourceInstanceArn ec2:RoleDelivery lambda:SourceFunctionArn ssm:SourceInstanceArn glue:RoleAssumedBy glue:CredentialIssuingService codebuild:BuildArn codebuild:ProjectArn identitystore:UserId"
  :source "service authorization reference, condition keys of actions"))
; Tags of a bucket with attribute-based access control are in every call on it and its objects (W-9). Of other resources
; the service reference tells by the keys that it lists, as of tags in requests (AK1.listed).
(assert (! (=> |has K| (or |call: lists K| |call: tags need abac|)) :named AK1.tags :strength presumed
  :for-each "aws:ResourceTag/* s3:BucketTag/*"
  :source "global condition keys, aws:ResourceTag: resources that support authorization based on tags; service authorization reference, condition keys; S3 guide, using tags with general purpose buckets"))
; Keys that AWS manages have no tags.
(assert (! (=> |has K| (not resource.aws-managed-key)) :named AE9.managed-tags :strength hard
  :for-each "aws:ResourceTag/*"
  :source "KMS API reference, TagResource: you cannot tag an AWS managed key"))
(declare-const |call: tags need abac| Bool)       ; S3 calls on general purpose buckets, their objects and access points
(declare-const bucket.abac Bool)                  ; attribute-based access control is enabled on the bucket
(assert (! (=> (and |call: tags need abac| (not |call: through an access point|) |has K|) bucket.abac) :named AR22.tag :strength hard
  :for-each "aws:ResourceTag/* s3:BucketTag/*"
  :source "S3 guide, enabling ABAC in general purpose buckets: tags count in policies once it is enabled (W-9)"))
(assert (! (=> (and |call: through an access point| |has K|) bucket.abac) :named AR22.behind :strength hard
  :for-each "s3:BucketTag/*"
  :source "S3 guide, enabling ABAC in general purpose buckets: tags count in policies once it is enabled (W-9)"))
; Tags of an access point count whether ABAC is enabled on the bucket or not. The bucket, which is asked about the same
; call, has tags of its own: that both have one that lets the call through is left out unless somebody says so.
(declare-const |call: through an access point| Bool)
(assert (! (=> |call: through an access point| (not |has K|)) :named AR22.point :strength soft
  :for-each "aws:ResourceTag/*"
  :source "S3 guide, using tags with access points for general purpose buckets: aws:ResourceTag covers tags of the access point; both are asked"))
; A tag that a listed resource has is in the calls on it whose action lists tags of the resource (W-7).
(declare-const |file: resource has K| Bool)       ; organization.yaml: the resource has this tag; not for buckets
(assert (! (=> (and |file: resource has K| |call: lists K|) |has K|) :named AK1.there :strength soft
  :for-each "aws:ResourceTag/*"
  :source "global condition keys, aws:ResourceTag: when the resource has tags; service authorization reference, condition keys"))
; The bucket's own check of a call through an access point carries the keys of the point (semantics 3.7).
(assert (! (=> |has K| (or |call: lists K| (= service "s3"))) :named AK1.point :strength hard
  :for-each "s3:DataAccessPointArn s3:DataAccessPointAccount s3:AccessPointNetworkOrigin"
  :source "S3 guide, access points: condition keys; delegating access control to access points"))
(assert (! (=> |has K| (or |call: lists K| (= caller role))) :named AK1.saml :strength hard
  :for-each "saml:sub saml:sub_type saml:namequalifier"
  :source "IAM guide, keys available for SAML-based federation: in the session, too"))

; How a call of S3 was signed: one that was not has none of these keys.
(assert (! (=> |has K| signed) :named AK2.signed :strength soft
  :for-each "s3:authType s3:signatureversion s3:signatureAge s3express:authType s3express:signatureversion s3express:signatureAge s3-object-lambda:authType s3-object-lambda:signatureversion s3-object-lambda:signatureAge s3-outposts:authType s3-outposts:signatureversion s3-outposts:signatureAge"
  :source "S3 API reference, Signature Version 4 authentication specific policy keys: of authenticated requests"))
(assert (! (=> |has K| (or (= |K| "REST-HEADER") (= |K| "REST-QUERY-STRING") (= |K| "POST"))) :named AK2.type :strength soft
  :for-each "s3:authType s3express:authType s3-object-lambda:authType s3-outposts:authType"
  :source "S3 API reference, Signature Version 4 authentication specific policy keys: valid values"))
(assert (! (=> |has K| (or (= |K| "AWS4-HMAC-SHA256") (= |K| "AWS") (= |K| "AWS4-ECDSA-P256-SHA256"))) :named AK2.version :strength soft
  :for-each "s3:signatureversion s3express:signatureversion s3-object-lambda:signatureversion s3-outposts:signatureversion"
  :source "S3 API reference, Signature Version 4 authentication specific policy keys; SigV4A of multi-Region access points"))

; A key that neither the tables nor the service reference hold is misspelled, or newer than they are (X-34).
(assert (! (not |has K|) :named AK3 :strength soft :for-each "unknown-key"
  :source "IAM guide, policy check reference, errors: a condition key that does not exist; a key that is not in the request does not match. AWS adds keys"))

; Keys named after services that belong to the session: any action can carry them.
(assert (! (=> |has K| (= caller role)) :named AP14.session :strength hard
  :for-each "ec2:SourceInstanceArn ec2:RoleDelivery lambda:SourceFunctionArn ssm:SourceInstanceArn glue:RoleAssumedBy glue:CredentialIssuingService codebuild:BuildArn codebuild:ProjectArn identitystore:UserId"
  :source "global condition keys, cross-service keys: of the session of a role (semantics 4.3)"))

(assert (! (=> |has K| (or iam (= caller aws-service))) :named AP16.tag-signed :strength hard
  :for-each "aws:PrincipalTag/*" :source "global condition keys, aws:PrincipalTag: tags of the principal that calls"))
(assert (! (=> |has K| (or (= caller user) (= caller role) (= caller federated-user))) :named AP16.tag :strength soft
  :for-each "aws:PrincipalTag/*" :source "global condition keys, aws:PrincipalTag: users, roles and their sessions"))

; Characters of tags: letters, digits and blanks of any script, and _ . : / = + - @ (in policies all is Latin-1, in tags
; not: what lies beyond is left open).
(assert (! (str.in_re |K| (re.* (re.diff re.allchar (re.union
    (re.range "\u{0}" "\u{1f}") (re.range "!" "*") (re.range "," ",") (re.range ";" "<") (re.range ">" "?")
    (re.range "[" "^") (re.range "`" "`") (re.range "{" "\u{9f}") (re.range "\u{a1}" "\u{a9}")
    (re.range "\u{ab}" "\u{b1}") (re.range "\u{b4}" "\u{b4}") (re.range "\u{b6}" "\u{b8}")
    (re.range "\u{bb}" "\u{bb}") (re.range "\u{bf}" "\u{bf}") (re.range "\u{d7}" "\u{d7}")
    (re.range "\u{f7}" "\u{f7}")))))
  :named AP19.tag :strength hard :for-each "aws:PrincipalTag/*"
  :source "IAM guide, rules for tagging in IAM and AWS STS"))
; Tags of EC2's resources hold any character, whoever asks for them (ebs, ssm); other services are more restrictive.
(assert (! (or |call: arn service ~ ec2| (str.in_re |K| (re.* (re.diff re.allchar (re.union
    (re.range "\u{0}" "\u{1f}") (re.range "!" "*") (re.range "," ",") (re.range ";" "<") (re.range ">" "?")
    (re.range "[" "^") (re.range "`" "`") (re.range "{" "\u{9f}") (re.range "\u{a1}" "\u{a9}")
    (re.range "\u{ab}" "\u{b1}") (re.range "\u{b4}" "\u{b4}") (re.range "\u{b6}" "\u{b8}")
    (re.range "\u{bb}" "\u{bb}") (re.range "\u{bf}" "\u{bf}") (re.range "\u{d7}" "\u{d7}")
    (re.range "\u{f7}" "\u{f7}"))))))
  :named AP19.resource-tag :strength presumed :for-each "aws:ResourceTag/*"
  :source "EC2 guide, tag restrictions: characters across all AWS services"))
(assert (! (=> |has K| (or |call: arn service ~ ec2| (str.in_re |K| ((_ re.loop 1 128) (re.diff re.allchar (re.union
    (re.range "\u{0}" "\u{1f}") (re.range "!" "*") (re.range "," ",") (re.range ";" "<") (re.range ">" "?")
    (re.range "[" "^") (re.range "`" "`") (re.range "{" "\u{9f}") (re.range "\u{a1}" "\u{a9}")
    (re.range "\u{ab}" "\u{b1}") (re.range "\u{b4}" "\u{b4}") (re.range "\u{b6}" "\u{b8}")
    (re.range "\u{bb}" "\u{bb}") (re.range "\u{bf}" "\u{bf}") (re.range "\u{d7}" "\u{d7}")
    (re.range "\u{f7}" "\u{f7}")))))))
  :named AP19.tag-key :strength presumed :for-each-value "aws:TagKeys s3:RequestObjectTagKeys sts:TransitiveTagKeys"
  :source "EC2 guide, tag restrictions: characters across all AWS services; keys of 1 to 128 characters"))
; What a call of STS sends of these is checked before anything is allowed: other values do not come.
(assert (! (=> |has K| (str.in_re |K| (re.+ (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
    (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re ":") (str.to_re "/") (str.to_re "-")))))
  :named AP19.external-id :strength hard :for-each "sts:ExternalId"
  :source "STS API reference, AssumeRole, ExternalId: 2 to 1224 characters"))
; Source identities that begin with `aws:` are AWS's own, of which nobody tells the characters.
(assert (! (=> |has K| (or (str.prefixof "aws:" |K|)
    (str.in_re |K| (re.+ (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
    (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-"))))))
  :named AP19.source-identity :strength hard :for-each "aws:SourceIdentity sts:SourceIdentity sts:RoleSessionName"
  :source "STS API reference, AssumeRole, SourceIdentity and RoleSessionName: 2 to 64 characters; aws: is reserved"))

; Claims HOST:claim are of the provider of that host only, in the call that brings its token, sub and aud always; they may
; go on into the session that comes of it, as those of Cognito do (W-23).
(define-fun has-token-of ((provider String)) Bool
  (and (= caller federated-sts) (not (= action "sts:AssumeRoleWithSAML"))
    (or (str.in_re provider (any-case "HOST"))
        (str.in_re provider (re.++ (str.to_re "arn:") re.all (str.to_re ":oidc-provider/") (any-case "HOST"))))))
(assert (! (=> |has K| (or (has-token-of principal.provider) (= caller role))) :named AP20.provider :strength hard
  :for-each "provider-claim" :source "IAM guide, keys available for AWS OIDC federation"))
; STS takes subjects of 6 characters or more, and audiences that the provider in IAM lists, of one or more.
(assert (! (=> (has-token-of principal.provider) (and |has K| (not (= |K| "")))) :named AP20.claims :strength hard :for-each "provider-id"
  :source "IAM guide, keys available for AWS OIDC federation: sub and aud are in every token; STS API reference, AssumeRoleWithWebIdentity, SubjectFromWebIdentityToken; IAM API reference, OpenIDConnectProvider, ClientIDList"))

; The account that calls, or for which a service calls: default policies of topics rest on it, and no page defines it.
(assert (! (=> |has K| (or (and iam (= |K| principal.account))
    (and (= caller aws-service) (not (= behalf.account "")) (= |K| behalf.account))))
  :named AR5.owner :strength soft :for-each "aws:SourceOwner"
  :source "SNS guide, access policies; S3 guide, the meaning of public: a fixed aws:SourceOwner says who calls"))

; The ends of a chain of services are its first and last value.
(assert (! (=> (and |has aws:CalledViaFirst| |has aws:CalledVia|) (some-value aws:CalledVia x (= |aws:CalledViaFirst| x))) :named AR1.first-there
  :strength hard :for-each "aws:CalledViaFirst" :source "global condition keys, aws:CalledViaFirst"))
(assert (! (=> (and |has aws:CalledViaFirst| |has K| (not |has K before|)) (= |aws:CalledViaFirst| |K|)) :named AR1.first
  :strength hard :for-each-value "aws:CalledVia" :with "aws:CalledViaFirst"
  :source "global condition keys, aws:CalledViaFirst"))
(assert (! (=> (and |has aws:CalledViaLast| |has aws:CalledVia|) (some-value aws:CalledVia x (= |aws:CalledViaLast| x))) :named AR1.last-there
  :strength hard :for-each "aws:CalledViaLast" :source "global condition keys, aws:CalledViaLast"))
(assert (! (=> (and |has aws:CalledViaLast| |has K| (not |has K next|)) (= |aws:CalledViaLast| |K|)) :named AR1.last
  :strength hard :for-each-value "aws:CalledVia" :with "aws:CalledViaLast"
  :source "global condition keys, aws:CalledViaLast"))
; A chain names services as principals; how these are written no page defines (AP8.name).
(define-fun is-service-principal ((x String)) Bool
  (and (or (not (str.suffixof ".cn" x)) (= aws.partition "aws-cn"))
    (str.in_re x (re.++ (re.+ (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-") (str.to_re ".")))
                        (re.union (str.to_re ".amazonaws.com") (str.to_re ".amazonaws.com.cn"))))))
(assert (! (=> |has K| (is-service-principal |K|)) :named AR1.service :strength soft :for-each-value "aws:CalledVia"
  :source "IAM guide, forward access sessions: the service principal of the service that initiated the request"))
(assert (! (=> |has K| (is-service-principal |K|)) :named AR1.end-service :strength soft
  :for-each "aws:CalledViaFirst aws:CalledViaLast"
  :source "IAM guide, forward access sessions: the service principal of the service that initiated the request"))

(assert (! (=> |has K| (some-value aws:TagKeys x (= x "TAG"))) :named AR10 :strength soft
  :for-each "aws:RequestTag/*" :with "aws:TagKeys" :source "global condition keys, aws:TagKeys: keys of the request's tags"))

; Contexts that a service sets when it calls KMS by its own principal, for its resource (table `encryption-contexts`).
; Accounts are compared one by one: those of the workspace, and those that policies name in such a context.
(define-fun is-resource ((x String)) Bool (str.in_re x (re.++ (str.to_re "arn:")
  (re.+ (re.union (re.range "a" "z") (str.to_re "-"))) (str.to_re ":") (str.to_re "ARN_SERVICE") (str.to_re ":")
  (re.* (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-"))) (str.to_re ":") ((_ re.loop 12 12) (re.range "0" "9")) (str.to_re ":")
  (re.union (str.to_re "TYPE") (str.to_re "ALSO")) (re.+ (re.diff re.allchar (str.to_re ":"))))))
(define-fun is-resource-of ((x String)) Bool (str.in_re x (re.++ (str.to_re "arn:")
  (re.+ (re.union (re.range "a" "z") (str.to_re "-"))) (str.to_re ":") (str.to_re "ARN_SERVICE") (str.to_re ":")
  (re.* (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-"))) (str.to_re ":") (str.to_re "ACCOUNT") (str.to_re ":")
  (re.union (str.to_re "TYPE") (str.to_re "ALSO")) (re.+ (re.diff re.allchar (str.to_re ":"))))))
(assert (! (=> (and |has K| (= caller aws-service) (str.prefixof "CALLER" principal.service))
  (and (is-account behalf.account) (is-resource |K|)
    (= (is-resource-of |K|) (= behalf.account "ACCOUNT"))))
  :named AR26 :strength soft :for-each "kms:EncryptionContext:*" :for-each-row "encryption-contexts value=arn"
  :source "guides of the services on encryption with KMS keys, in the table encryption-contexts: the ARN of the resource"))
(assert (! (=> (and |has K| (= caller aws-service) (str.prefixof "CALLER" principal.service))
  (and (is-account behalf.account) (is-account |K|) (= (= |K| "ACCOUNT") (= behalf.account "ACCOUNT"))))
  :named AR26.account :strength soft :for-each "kms:EncryptionContext:*" :for-each-row "encryption-contexts value=account"
  :source "KMS guide, how Amazon SES uses KMS: the context holds the account of the receipt rule"))
; The keys of the context are those of its pairs; a key's name in a policy ignores case.
(assert (! (= |has K| (some-value kms:EncryptionContextKeys x (str.in_re x (any-case "CONTEXT")))) :named AR27 :strength hard
  :for-each "kms:EncryptionContext:*" :with "kms:EncryptionContextKeys"
  :source "KMS guide, kms:EncryptionContextKeys: the keys in the encryption context of the request"))
