; The decision (semantics 3.2 to 3.8). Symbols without a definition here are defined from the input:
; D.denies and D.allows say that some statement of the documents D matches the request.

(declare-const identity.denies Bool)
(declare-const identity.allows Bool)
(declare-const boundary.given Bool)
(declare-const boundary.denies Bool)
(declare-const boundary.allows Bool)
(declare-const session.given Bool)
(declare-const session.denies Bool)
(declare-const session.allows Bool)
(declare-const task-policy.allows Bool)
(declare-const scp.denies Bool)
(declare-const scp.allows Bool)              ; at every level
(declare-const rcp.denies Bool)
(declare-const rcp.allows Bool)
(declare-const endpoint.denies Bool)
(declare-const endpoint.allows Bool)
(declare-const resource-policy.denies Bool)
(declare-const hit.direct Bool)              ; an Allow of the resource policy names the caller
(declare-const hit.role Bool)                ; ... the role of the session
(declare-const hit.user Bool)                ; ... the user of the federated session
(declare-const hit.account Bool)             ; ... the account
(declare-const grants.free Bool)             ; guardrails alone: whatever developers grant
(declare-const kms.listed-grant Bool)        ; a KMS grant of the organization file covers the call
(declare-const kms.grants-known Bool)        ; the file lists every grant of the key
(declare-const call.refused Bool)            ; AWS refuses the call whatever policies allow: keys/refused-calls.json
(declare-const guards.pass Bool)             ; service guards: S3 Block Public Access, access points

(declare-const principal.member Bool)        ; an account of mine that SCPs bind (not the management account)
(declare-const principal.management Bool)
(declare-const principal.delegated-administrator Bool)
(declare-const |call: service in rcp-services| Bool)
(declare-const |call: service in rcp-services-narrow| Bool)
(declare-const |call: action in endpoint-policy-unsupported| Bool)
(declare-const endpoint.takes-policy Bool)   ; the service supports endpoint policies (AN14)
(declare-const |call: action in scp-exempt-actions| Bool)
(declare-const |call: action in scp-exempt-root-actions| Bool)
(declare-const |call: service in anonymous-services| Bool)

(declare-const |call: action in unsigned-actions| Bool)   ; AWS publishes RCPs that hold them back
(define-fun assume-role () Bool   ; calls that a role's trust policy must allow (3.6)
  (or (= action "sts:AssumeRole") (= action "sts:AssumeRoleWithSAML") (= action "sts:AssumeRoleWithWebIdentity")
      (and (or (= action "sts:TagSession") (= action "sts:SetSourceIdentity") (= action "sts:SetContext"))
           (not |call: resource is star|) (str.prefixof "role/" resource.name))))
(define-fun rcp.service () Bool
  (or |call: service in rcp-services-narrow| (and |call: service in rcp-services| (not X-19))))
(define-fun scp.exempt () Bool (or |call: action in scp-exempt-actions| (and (= caller root) |call: action in scp-exempt-root-actions|)))
(define-fun scp.applies () Bool (and iam principal.member (not principal.service-linked) (not scp.exempt)))
(define-fun rcp.applies () Bool
  (and resource.member rcp.service (not principal.service-linked) (not (= action "kms:RetireGrant"))
       (not resource.aws-managed-key)
       (not (and (= caller aws-service) assume-role (str.prefixof "role/aws-service-role/" resource.name)))
       (not (and sign-in.unguarded |call: action in sign-in-actions|))
       (or (not (or |call: resource is star| |call: asked on stars|)) (not X-18) (and (= service "cognito-identity") |call: action in unsigned-actions|))))
(define-fun endpoint.applies () Bool
  (and on-endpoint (not |call: action in endpoint-policy-unsupported|) endpoint.takes-policy))

(define-fun needs-no-permission () Bool (= action "sts:GetCallerIdentity"))
(define-fun always-allowed () Bool (and needs-no-permission (not X-39)))
(define-fun get-session-token () Bool (= action "sts:GetSessionToken"))
(define-fun same-account () Bool (= principal.account resource.account))
; resource policies have no say in GetSessionToken, key policies none in RetireGrant (3.7, 3.8)
(define-fun resource-policy.counts () Bool (not (or get-session-token (= action "kms:RetireGrant"))))
; access control lists of buckets and objects only grant; those of organization.yaml are among the hits
(define-fun acl.grant () Bool
  (and acl.at-bucket acl.unlisted (not (and acl.not-told acl.disabled)) (row-of acl-actions (actions action))))
(define-fun acl.names-direct () Bool   ; everybody, or the service of log deliveries; accounts have policies of their own
  (or (not acl.public-ignored) (= caller root) (and (= caller aws-service) (= principal.service "logging.s3.amazonaws.com"))))
(define-fun names.direct () Bool
  (and resource-policy.counts (or hit.direct (and acl.grant acl.names-direct))))
(define-fun names.role () Bool (and resource-policy.counts hit.role))
(define-fun names.user () Bool (and resource-policy.counts hit.user))
(define-fun names.account () Bool (and resource-policy.counts (or hit.account (and acl.grant iam))))
(define-fun names.any () Bool (or names.direct names.role names.user names.account))
; resource policies that are the root of authority: the account must be named for identity policies to count
(define-fun delegated () Bool
  (or (not (or assume-role |call: on a key|)) names.account))
(define-fun bucket-policy-call () Bool
  (or (= action "s3:GetBucketPolicy") (= action "s3:PutBucketPolicy") (= action "s3:DeleteBucketPolicy")))
; lockout repair: a bucket or queue policy does not bind the owner's root user on its own bucket's policy (3.5)
(define-fun repairs-own-bucket () Bool
  (and (= caller root) same-account (or bucket-policy-call (= action "sqs:SetQueueAttributes"))))

(define-fun guardrail.denies () Bool
  (or (and scp.applies scp.denies) (and rcp.applies rcp.denies) (and endpoint.applies endpoint.denies)))
(define-fun grant.denies () Bool
  (or (and (not get-session-token)
           (or identity.denies (and boundary.given boundary.denies) (and session.given session.denies)))
      (and resource-policy.denies resource-policy.counts (not repairs-own-bucket))))
(define-fun scp.ok () Bool (or (not scp.applies) scp.allows))
(define-fun rcp.ok () Bool (or (not rcp.applies) rcp.allows))
(define-fun endpoint.ok () Bool (or (not endpoint.applies) endpoint.allows))

(define-fun id () Bool (or identity.allows get-session-token principal.made-by-root))
(define-fun boundary.ok () Bool (or (not boundary.given) boundary.allows get-session-token principal.made-by-root))
(define-fun session.ok () Bool
  (or get-session-token (ite session.given session.allows (not (= caller federated-user)))))
(define-fun bounded () Bool (and id boundary.ok session.ok))
; services that demand their resource policy's word across accounts have none: out of reach (3.4)
(define-fun grant.same-account () Bool
  (or names.direct
      (and (or (and (= caller role) names.role) (and (= caller federated-user) names.user)) boundary.ok session.ok)
      (and delegated bounded)))
(define-fun grant.root () Bool
  (and (not assume-role)
       (ite principal.assumed-root (and task-policy.allows (or same-account names.any))
            (ite (and same-account (not |call: on a key|)) true names.any))))
; What the soft axioms AE2.anonymous and AE5.federated-user say is no definition: these two leave room for departures.
(declare-const service.takes-unsigned Bool)      ; takes unsigned calls although no table lists it
(declare-const principal.console-session Bool)   ; a federated user's session in the console
(define-fun may-call () Bool   ; temporary credentials that STS keeps from some operations (3.5), bucket policies (3.7)
  (and (not (and bucket-policy-call (not same-account)))
       (not (and (= caller anonymous) (not |call: service in anonymous-services|) (not service.takes-unsigned)))
       (not (and (= action "sts:AssumeRoot") (not principal.management) (not principal.delegated-administrator)))
       (not (and (= caller role) (or get-session-token (= action "sts:GetFederationToken"))))
       (not (and (= caller federated-user) (not principal.console-session) (or (= service "iam") (and (= service "sts") (not always-allowed)))))))
; What a grant can hold: KMS API reference, CreateGrant, Operations; of the newest two no page tells, they count.
(define-fun kms.grant-operation () Bool
  (or (= action "kms:Decapsulate") (= action "kms:Decrypt") (= action "kms:DeriveSharedSecret")
      (= action "kms:Encapsulate") (= action "kms:Encrypt") (= action "kms:GenerateDataKey")
      (= action "kms:GenerateDataKeyPair") (= action "kms:GenerateDataKeyPairWithoutPlaintext")
      (= action "kms:GenerateDataKeyWithoutPlaintext") (= action "kms:GenerateMac") (= action "kms:ReEncryptFrom")
      (= action "kms:ReEncryptTo") (= action "kms:Sign") (= action "kms:Verify") (= action "kms:VerifyMac")
      (= action "kms:CreateGrant") (= action "kms:DescribeKey") (= action "kms:GetPublicKey")
      (= action "kms:RetireGrant")))
; a grant that nobody listed may cover any such call of an identity on a key (X-32)
(define-fun kms.grant () Bool
  (and kms.grant-operation
    (or kms.listed-grant (and X-32 iam |call: on a key| (not |call: resource is star|) (not kms.grants-known)))))
(define-fun grant () Bool
  (and may-call
    (or (and (= service "kms") kms.grant)
     (and (not (= action "kms:RetireGrant"))     ; authorized by the grant alone (3.7)
      (ite (or (= caller aws-service) (= caller federated-sts)) names.direct
        (ite (= caller anonymous) names.direct
          (ite (= caller root) grant.root
            (ite (= action "sts:AssumeRoot") bounded   ; the member account has no policy that could grant it
              (ite same-account grant.same-account (and names.any bounded))))))))))

(define-fun stopped () Bool (or guardrail.denies (not scp.ok) (not rcp.ok) (not endpoint.ok)))
(define-fun granted () Bool
  (or needs-no-permission (and (not grant.denies) guards.pass (or grants.free grant))))
(define-fun access () Bool
  (or always-allowed (and (not stopped) granted (not call.refused))))
; the same without guardrails, and what guardrails take away from it (semantics 5.3, availability)
(define-fun base () Bool (and granted (not call.refused)))
(define-fun blocked () Bool (and (not always-allowed) stopped))
