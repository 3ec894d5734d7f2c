; Who can reach what at all, whatever is granted (semantics 3.4, 3.5). Without these a counterexample could be a
; call that no policy can permit: an anonymous call of a service that demands signatures, a stranger's call of an
; action that touches only the caller's own account.
(declare-const |call: service in resource-policy-services| Bool)
(declare-const |call: service in anonymous-services| Bool)
(declare-const |call: service in shared-resources-services| Bool)
; A service that came after the reference: no table can tell what it takes, and a policy for it was written for something.
(declare-const |call: service is unlisted| Bool)
(define-fun takes-resource-policy () Bool
  (or |call: service in resource-policy-services| |call: service is unlisted|))

(define-fun names-no-resource () Bool (or |call: resource is star| |call: asked on stars|))
(assert (! (=> (and names-no-resource iam) (= resource.account principal.account)) :named AE1.own-account
  :strength presumed :source "global condition keys, aws:ResourceAccount: actions without resource types (semantics 7, X-40)"))
; What takes unsigned calls without naming a resource: identity pools of Cognito (W-25).
(declare-const |call: action in unsigned-actions| Bool)
(assert (! (=> (or (= caller aws-service) (= caller federated-sts)
                   (and (= caller anonymous) (not |call: action in unsigned-actions|)))
               (not names-no-resource)) :named AE1.no-resource :strength presumed
  :source "semantics 3.4: only a resource policy can admit a caller without an account"))
(assert (! (=> (= caller aws-service) takes-resource-policy) :named AE2.service :strength soft
  :source "IAM guide, services that work with IAM: resource-based policies"))
(assert (! (=> (= caller anonymous) |call: service in anonymous-services|) :named AE2.anonymous :strength soft
  :source "semantics 3.4: services that accept unsigned calls"))
(assert (! (=> (= caller anonymous) (or takes-resource-policy |call: action in unsigned-actions|))
  :named AE2.anonymous-policy
  :strength soft :source "semantics 3.4"))
(assert (! (=> (and iam (not (= principal.account resource.account)) (not (= resource.account "aws")))
               (or takes-resource-policy |call: service in shared-resources-services|))
  :named AE3.cross-account :strength soft
  :source "IAM guide, cross account resource access: services with resource-based policies"))
; Who signs in with a token tags the session by the same call: sts:TagSession is asked of the trust policy as well.
(define-fun signs-in-by-token () Bool
  (or (= action "sts:AssumeRoleWithSAML") (= action "sts:AssumeRoleWithWebIdentity")))
(assert (! (and (=> signs-in-by-token (= caller federated-sts))
  (=> (= caller federated-sts) (or signs-in-by-token (= action "sts:TagSession") (= action "sts:SetSourceIdentity"))))
  :named AE4.federated :strength hard
  :source "STS API reference: these two calls carry no AWS signature; IAM guide, pass session tags in AWS STS"))
; What is asked of a role beside AssumeRole comes with that call.
(assert (! (=> (= caller root)
  (not (or (= action "sts:AssumeRole") (= action "sts:AssumeRoleWithSAML")
           (and (or (= action "sts:TagSession") (= action "sts:SetSourceIdentity") (= action "sts:SetContext"))
                (str.prefixof "role/" resource.name))))) :named AE5.root :strength hard
  :source "STS API reference, AssumeRole: not with root user credentials"))
(assert (! (=> (or (= action "sts:GetSessionToken") (= action "sts:GetFederationToken"))
    (or (= caller user) (= caller root))) :named AE5.long-term :strength hard
  :source "IAM guide, comparison of STS operations: called with credentials of an IAM user or the root user"))
(assert (! (=> (= action "sts:GetFederationToken") (= principal.account resource.account)) :named AE5.own-user
  :strength hard :source "STS API reference, GetFederationToken: a federated user of the caller's account"))
(assert (! (=> (and (= caller aws-service) (= service "sts"))
    (or (= action "sts:AssumeRole") (= action "sts:TagSession") (= action "sts:SetSourceIdentity")
        (= action "sts:SetContext"))) :named AE5.service :strength soft
  :source "IAM guide, service roles: a service assumes a role that trusts it"))
(assert (! (=> (= caller role) (not (or (= action "sts:GetSessionToken") (= action "sts:GetFederationToken"))))
  :named AE5.role :strength hard :source "IAM guide, comparison of STS operations"))
(assert (! (=> (= caller federated-user) (not (or (= service "iam")
    (and (= service "sts") (not (= action "sts:GetCallerIdentity")))))) :named AE5.federated-user :strength soft
  :source "IAM guide, comparison of STS operations: not with the command line or API; console sessions may"))
(assert (! (=> (= principal.account "cloudfront") (= service "s3")) :named AE6.cloudfront :strength hard
  :source "S3 guide: origin access identities read buckets"))
; The trust policy of a service-linked role is AWS's own: the linked service, for the account of the role.
(assert (! (=> (and (str.prefixof "role/aws-service-role/" resource.name)
                    (or (= action "sts:AssumeRole") (= action "sts:AssumeRoleWithSAML")
                        (= action "sts:AssumeRoleWithWebIdentity") (= action "sts:TagSession")
                        (= action "sts:SetSourceIdentity") (= action "sts:SetContext")))
               (and (= caller aws-service) (= behalf.account resource.account)))
  :named AE9.service-linked :strength presumed
  :source "IAM guide, service-linked roles: the trust policy cannot be changed, only the linked service can assume the role"))
(declare-const |call: arn service ~ iam| Bool)
(assert (! (=> (and |call: arn service ~ iam| (not |call: asked on stars|)) (not (str.suffixof "/" resource.name))) :named AE9.name :strength hard
  :source "IAM guide, identifiers: a path is followed by a name"))
(assert (! (=> resource.aws-managed-key (and |call: on a key| (not |call: resource is star|)
    (or (and iam (= principal.account resource.account)) (and (= caller aws-service) (= behalf.account resource.account)))))
  :named AE9.aws-managed-key :strength presumed
  :source "KMS guide, AWS managed keys: AWS writes the key policy, which admits the account and the service only"))
; Customers change nothing of such a key, nor do they delete it.
(assert (! (=> (and resource.aws-managed-key
      (or (= action "kms:CancelKeyDeletion") (= action "kms:DisableKey") (= action "kms:DisableKeyRotation")
          (= action "kms:EnableKey") (= action "kms:EnableKeyRotation") (= action "kms:PutKeyPolicy")
          (= action "kms:ScheduleKeyDeletion") (= action "kms:TagResource") (= action "kms:UntagResource")
          (= action "kms:UpdateKeyDescription")))
    (or (= caller aws-service) principal.service-linked))
  :named AE9.managed-changes :strength hard
  :source "KMS guide, editing keys; schedule key deletion: AWS managed keys are managed by the services that created them"))
(assert (! (=> (= action "iam:PassRole") (and iam (= principal.account resource.account))) :named AE9.pass-role
  :strength hard :source "IAM guide, granting permissions to pass a role to a service: a role of the caller's account"))
; A role is passed to a service inside one account, so that the service uses it for that account alone (W-16). Sure for
; instance profiles; which other services can be told a role of another account is open (W-39).
(define-fun takes-role () Bool (and (= caller aws-service) (or (= action "sts:AssumeRole") (= action "sts:TagSession")
  (= action "sts:SetSourceIdentity") (= action "sts:SetContext"))))
(assert (! (=> (and takes-role (or (= principal.service "ec2.amazonaws.com") (= principal.service "ec2.amazonaws.com.cn")))
    (= behalf.account resource.account)) :named AE9.instance-role :strength hard
  :source "IAM guide, granting permissions to pass a role to a service; EC2 guide, instance profiles"))
(assert (! (=> (and takes-role (row-of passed-role-services (principal principal.service)))
    (= behalf.account resource.account)) :named AE9.passed-role :strength soft
  :source "IAM guide, granting permissions to pass a role to a service: a role of the caller's account"))
(declare-const |call: reads| Bool)
(assert (! (=> (and (= resource.account "aws") (= service "iam")) |call: reads|) :named AE8.managed-policies
  :strength hard :source "IAM guide, managed policies: customers cannot change the permissions of AWS managed policies"))
(assert (! (=> (and (= resource.account "aws") (= service "imagebuilder")) |call: reads|) :named AE8.image-builder
  :strength soft :source "Image Builder guide: components and images of Amazon are managed by Amazon"))
(assert (! (=> (= action "sts:AssumeRoot")
    (and (in-organization principal.account) (= (org principal.account) (org resource.account))))
  :named AE5.assume-root :strength hard
  :source "STS API reference, AssumeRoot: by the management account or a delegated administrator of the organization"))
(assert (! (=> (and (= service "organizations") (str.prefixof "policy/" resource.name) (not (= resource.account "aws")))
    (and (in-organization principal.account) (= (org principal.account) (org resource.account))))
  :named AE5.delegation :strength soft
  :source "Organizations guide, update a resource-based delegation policy: member accounts perform actions on policies"))
; Resources of an organization lie in its management account, whoever calls; under `aws` lie policies of AWS's own.
(declare-const |call: arn service ~ organizations| Bool)
(declare-const |call: arn service ~ account| Bool)
(define-fun of-an-organization () Bool (and (not |call: resource is star|) (not (= resource.account "aws"))
  (or |call: arn service ~ organizations| (and |call: arn service ~ account| (str.prefixof "account/" resource.name)))))
(assert (! (=> of-an-organization (and (in-organization resource.account) (not resource.member)))
  :named AE13 :strength hard
  :source "Organizations guide, managing access permissions: for an organization, its management account owns all resources"))
(define-fun is-of-organization ((kind String)) Bool
  (str.prefixof (str.++ kind "/" (org resource.account) "/") resource.name))
(assert (! (=> of-an-organization (or (is-of-organization "account") (is-of-organization "handshake")
    (is-of-organization "ou") (is-of-organization "policy") (is-of-organization "resourcepolicy")
    (is-of-organization "root") (is-of-organization "transfer")))
  :named AE13.id :strength hard
  :source "Organizations API reference, patterns of ARNs: the id of the organization follows the type"))
; A provider is the ARN of a SAML or OIDC provider, all fields written, or a host in lower case, perhaps with a path:
; those that IAM knows without an ARN (W-23).
(assert (! (=> (= action "sts:AssumeRoleWithSAML") (and
    (str.prefixof (str.++ "arn:" aws.partition ":iam::") principal.provider)
    (str.in_re principal.provider (re.++ (str.to_re "arn:") (re.+ (re.union (re.range "a" "z") (str.to_re "-")))
      (str.to_re ":iam::") ((_ re.loop 12 12) (re.range "0" "9")) (str.to_re ":saml-provider/")
      (re.+ (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9") (str.to_re ".") (str.to_re "_") (str.to_re "-"))))))) :named AE4.saml :strength hard
  :source "STS API reference, AssumeRoleWithSAML: PrincipalArn is the ARN of a SAML provider"))
(define-fun is-oidc-host ((x String)) Bool (str.in_re x
    (re.++ (re.+ (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-"))) (str.to_re ".")
      (re.+ (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re ".") (str.to_re "-")))
      (re.union (str.to_re "") (re.++ (str.to_re "/") (re.* (re.union (re.range "a" "z") (re.range "A" "Z")
        (re.range "0" "9") (str.to_re ".") (str.to_re "_") (str.to_re "-") (str.to_re "/") (str.to_re "~"))))))))
(define-fun is-oidc-arn ((x String)) Bool (and (str.prefixof (str.++ "arn:" aws.partition ":iam::") x) (str.in_re x
    (re.++ (str.to_re "arn:") (re.+ (re.union (re.range "a" "z") (str.to_re "-"))) (str.to_re ":iam::")
      ((_ re.loop 12 12) (re.range "0" "9")) (str.to_re ":oidc-provider/")
    (re.++ (re.+ (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-"))) (str.to_re ".")
      (re.+ (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re ".") (str.to_re "-")))
      (re.union (str.to_re "") (re.++ (str.to_re "/") (re.* (re.union (re.range "a" "z") (re.range "A" "Z")
        (re.range "0" "9") (str.to_re ".") (str.to_re "_") (str.to_re "-") (str.to_re "/") (str.to_re "~"))))))))))
(assert (! (=> (= action "sts:AssumeRoleWithWebIdentity") (or (is-oidc-host principal.provider) (is-oidc-arn principal.provider)))
   :named AE4.oidc :strength hard
  :source "IAM guide, OIDC providers: a host in lower case, or the ARN of a provider"))
; A provider in IAM signs in to roles of its own account alone; those that IAM knows without an ARN are of no account.
(assert (! (=> (and (= caller federated-sts) (str.prefixof "arn:" principal.provider) (not |call: resource is star|))
    (str.prefixof (str.++ "arn:" aws.partition ":iam::" resource.account ":") principal.provider))
  :named AE4.account :strength hard
  :source "IAM guide, creating OIDC and SAML providers: those in a role trust policy must be in the account of the role"))
(declare-const |call: service in aws-owned-resources-services| Bool)
(declare-const |call: arn is of AWS| Bool)        ; the service reference writes `aws` for the account of the type
(assert (! (=> (and (= resource.account "aws") (not (= action "signin:CreateAccount")))
  (or |call: service in aws-owned-resources-services| |call: arn is of AWS|)) :named AE8.aws-owned
  :strength soft :source "semantics 5.6: where AWS-owned resources are known to exist"))
(assert (! (=> (or (= action "s3:GetBucketPolicy") (= action "s3:PutBucketPolicy") (= action "s3:DeleteBucketPolicy"))
    (and iam (= principal.account resource.account)))
  :named AE7.bucket-policy :strength hard
  :source "S3 API reference, PutBucketPolicy: only identities of the bucket owner's account"))
; Since April 2023 new buckets have their access control lists disabled (bucket owner enforced); what an object's list
; says no policy and no configuration tells.
(assert (! (=> acl.not-told acl.disabled) :named AE7.acl :strength presumed
  :source "S3 guide, access control lists: by default Object Ownership is bucket owner enforced, and all lists are disabled"))
(assert (! (not (and acl.enabled acl.unlisted)) :named AE7.acl-entry :strength soft
  :source "S3 guide, access control lists: a list that is not told grants nothing but its owner's own access"))
