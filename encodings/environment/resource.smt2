; Axioms on resources: which there are, what they are called, which calls on them AWS refuses (W-3 to W-12).
;
; Tables say what is a long list: keys/governing-policies.json (which listed policy decides which call),
; keys/existing-resource-actions.json, keys/absent-resource-actions.json, keys/built-in-resources.json (complete lists),
; keys/qualified-names.json, keys/unqualified-actions.json and
; keys/name-characters.json (what names look like: the axiom `names` stands for both tables, for every type of resource),
; keys/named-resource-actions.json (calls that always name a resource), keys/integer-keys.json (numbers that are whole).
; The engine makes of them and of organization.yaml, by these names:
;   organization.yaml lists every principal of A   no one else calls from account A, but its root user, service-linked
;                                                  roles, and federated users of the root user where SCPs let it make them
;   organization.yaml lists every resource of A    calls that need a resource that is there name one of the list
;   organization.yaml ARN of a bucket              names of buckets are unique: its owner is that of the file (AR9)
;   organization.yaml tags of ARN                  a listed principal or resource has the tags of the file and no others

(declare-const |call: needs its resource| Bool)   ; reads, or in existing-resource-actions; not in absent-resource-actions

; --- complete lists (W-6) ------------------------------------------------------------------------
; What AWS itself puts into an account is told by built-in-resources. Of services of which no page says how all that they
; hold is made (rows without `complete`), an unlisted resource may be one of those: AWS publishes no list.
(declare-const resource.unlisted-built-in Bool)
(assert (! (not resource.unlisted-built-in) :named AE12.built-in :strength presumed
  :source "keys/built-in-resources.json: guides of the services; AWS publishes no list of what is in an account without being made"))

; Which calls are made on what is there already say the verbs and lists of existing-resource-actions, less what
; absent-resource-actions takes out: AWS publishes no such list, and a call may go through on a name that nothing has.
(declare-const resource.not-there Bool)
(assert (! (not resource.not-there) :named AE12.needs :strength presumed
  :source "keys/existing-resource-actions.json, keys/absent-resource-actions.json: verbs of actions and API references; AWS publishes no list"))

; --- tags of buckets (W-9) -----------------------------------------------------------------------
(declare-const bucket.says-abac Bool)             ; organization.yaml: `abac: true`
(declare-const bucket.says-no-abac Bool)          ; organization.yaml: `abac: false`
(declare-const bucket.of-others Bool)             ; its owner is not mine
(assert (! (=> bucket.says-abac bucket.abac) :named AR22.on :strength hard :source "organization.yaml"))
(assert (! (=> bucket.says-no-abac (not bucket.abac)) :named AR22.off :strength hard :source "organization.yaml"))
; Whoever owns another bucket enables it as he likes.
(assert (! (=> (and |call: tags need abac| (not bucket.says-abac) (not bucket.of-others)) (not bucket.abac))
  :named AR22 :strength soft
  :source "S3 guide, enabling ABAC in general purpose buckets: off until it is enabled (2026)"))

; --- keys that are always there (W-18) -----------------------------------------------------------
(assert (! (=> (and (= service "s3") (not |call: resource is star|) (not |call: asked on stars|)) |has s3:ResourceAccount|)
  :named AR8.present :strength hard
  :source "S3 guide, condition key examples: s3:ResourceAccount is the owner of the bucket, in every call on one"))
(assert (! (=> (and (= service "kms") iam) |has kms:CallerAccount|) :named AR14.present :strength hard
  :source "KMS guide, kms:CallerAccount: the account of the identity that calls"))

; --- calls that AWS refuses (W-10) ---------------------------------------------------------------
; The service reference writes `aws` for the account of role templates and of context providers.
(assert (! (=> (and |call: arn service ~ iam| (= resource.account "aws") (not |call: arn is of AWS|))
               (str.prefixof "policy/" resource.name))
  :named AE8.aws-policies :strength hard :source "IAM guide, managed policies: what AWS owns in IAM are policies; IAM API reference, GetRole"))
; Credentials of a root user are managed by calls that name no user: those of the root user itself, and of AssumeRoot.
(assert (! (=> (and (= service "iam") |call: arn service ~ iam| (= resource.name "root"))
               (and (= caller root) (= principal.account resource.account)))
  :named AE8.root-user :strength presumed
  :source "IAM API reference, CreateAccessKey: without a user name, whose credentials sign the call"))
; Changes of what AWS manages: keys/refused-calls.json, call.refused in authorization.smt2.

; --- calls that act on the caller's own account (W-11) -------------------------------------------
(declare-const |call: action in own-account-actions| Bool)
(assert (! (=> (and iam |call: action in own-account-actions| (not |call: arn is of AWS|)) (= principal.account resource.account))
  :named AE10.own-account :strength soft
  :source "keys/own-account-actions.json: the services' API references, cross-account use: no"))

; --- what a call can name (W-5) ------------------------------------------------------------------
; The service reference gives the type of a function to every call on one; the API tells which of them take a version or an
; alias. That others are never asked on one is read from what their pages leave out.
(declare-const |call: name has a qualifier| Bool)
(declare-const |call: action in unqualified-actions| Bool)
(assert (! (not (and |call: name has a qualifier| |call: action in unqualified-actions|)) :named AE14 :strength soft
  :source "keys/unqualified-actions.json: the services' API references, calls that take names without version or alias"))

; --- names (W-12, W-40) --------------------------------------------------------------------------
(assert (! (=> (and |call: arn service ~ iam| (not |call: asked on stars|) (str.prefixof "role/" resource.name)) (or
    (str.in_re resource.name (re.++ (str.to_re "role/") ((_ re.loop 1 64) (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
      (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-")))))
    (str.in_re resource.name (re.++ (str.to_re "role/") (re.+ (re.range "!" "~")) (str.to_re "/")
      ((_ re.loop 1 64) (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
      (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-")))))))
  :named AR23.role :strength hard :source "IAM API reference, CreateRole: RoleName and Path"))
(assert (! (=> (and |call: arn service ~ iam| (not |call: asked on stars|) (str.prefixof "user/" resource.name)) (or
    (str.in_re resource.name (re.++ (str.to_re "user/") ((_ re.loop 1 64) (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
      (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-")))))
    (str.in_re resource.name (re.++ (str.to_re "user/") (re.+ (re.range "!" "~")) (str.to_re "/")
      ((_ re.loop 1 64) (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
      (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-")))))))
  :named AR23.user :strength hard :source "IAM API reference, CreateUser: UserName and Path"))
(assert (! (=> (and |call: arn service ~ iam| (not |call: asked on stars|) (str.prefixof "policy/" resource.name)) (or
    (str.in_re resource.name (re.++ (str.to_re "policy/") ((_ re.loop 1 128) (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
      (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-")))))
    (str.in_re resource.name (re.++ (str.to_re "policy/") (re.+ (re.range "!" "~")) (str.to_re "/")
      ((_ re.loop 1 128) (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
      (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-")))))))
  :named AR23.policy :strength hard :source "IAM guide, IAM and STS quotas; API reference, CreatePolicy: PolicyName and Path"))
(assert (! (=> (and |call: arn service ~ iam| (not |call: asked on stars|) (str.prefixof "group/" resource.name)) (or
    (str.in_re resource.name (re.++ (str.to_re "group/") ((_ re.loop 1 128) (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
      (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-")))))
    (str.in_re resource.name (re.++ (str.to_re "group/") (re.+ (re.range "!" "~")) (str.to_re "/")
      ((_ re.loop 1 128) (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
      (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-")))))))
  :named AR23.group :strength hard :source "IAM guide, IAM and STS quotas; API reference, CreateGroup: GroupName and Path"))
(assert (! (=> (and |call: arn service ~ iam| (not |call: asked on stars|) (str.prefixof "instance-profile/" resource.name)) (or
    (str.in_re resource.name (re.++ (str.to_re "instance-profile/") ((_ re.loop 1 128) (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
      (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-")))))
    (str.in_re resource.name (re.++ (str.to_re "instance-profile/") (re.+ (re.range "!" "~")) (str.to_re "/")
      ((_ re.loop 1 128) (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
      (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-")))))))
  :named AR23.instance-profile :strength hard :source "IAM guide, IAM and STS quotas; API reference, CreateInstanceProfile: InstanceProfileName and Path"))
(assert (! (=> (and |call: arn service ~ iam| (not |call: asked on stars|) (str.prefixof "server-certificate/" resource.name)) (or
    (str.in_re resource.name (re.++ (str.to_re "server-certificate/") ((_ re.loop 1 128) (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
      (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-")))))
    (str.in_re resource.name (re.++ (str.to_re "server-certificate/") (re.+ (re.range "!" "~")) (str.to_re "/")
      ((_ re.loop 1 128) (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
      (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-")))))))
  :named AR23.server-certificate :strength hard :source "IAM API reference, UploadServerCertificate: ServerCertificateName and Path"))
; Buckets made in us-east-1 before March 2018 may break the rules: up to 255 characters, capitals, underscores, periods
; side by side (W-40); the beginnings and ends that S3 keeps for itself came one by one, and no page says when.
(define-fun no-bucket-of-today ((x String)) Bool (or
    (str.prefixof "xn--" x) (str.prefixof "sthree-" x)
    (str.in_re x (re.++ (re.* (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re ".") (str.to_re "-")))
      (str.to_re "..") re.all))
    (str.in_re x (re.++ (re.* (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re ".") (str.to_re "-")))
      (str.to_re "-s3alias")))
    (str.in_re x (re.++ (re.* (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re ".") (str.to_re "-")))
      (str.to_re "-s3alias/") re.all))
    (str.in_re x (re.++ (re.* (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re ".") (str.to_re "-")))
      (str.to_re "--ol-s3")))
    (str.in_re x (re.++ (re.* (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re ".") (str.to_re "-")))
      (str.to_re "--ol-s3/") re.all))
    (str.in_re x (re.++ (re.* (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re ".") (str.to_re "-")))
      (str.to_re "--x-s3")))
    (str.in_re x (re.++ (re.* (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re ".") (str.to_re "-")))
      (str.to_re "--x-s3/") re.all))
    (str.in_re x (re.++ (re.* (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re ".") (str.to_re "-")))
      (str.to_re ".mrap")))
    (str.in_re x (re.++ (re.* (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re ".") (str.to_re "-")))
      (str.to_re ".mrap/") re.all))
    (str.in_re x (re.++ ((_ re.loop 1 3) (re.range "0" "9")) (str.to_re ".") ((_ re.loop 1 3) (re.range "0" "9")) (str.to_re ".")
        ((_ re.loop 1 3) (re.range "0" "9")) (str.to_re ".") ((_ re.loop 1 3) (re.range "0" "9"))))
    (str.in_re x (re.++ ((_ re.loop 1 3) (re.range "0" "9")) (str.to_re ".") ((_ re.loop 1 3) (re.range "0" "9")) (str.to_re ".")
        ((_ re.loop 1 3) (re.range "0" "9")) (str.to_re ".") ((_ re.loop 1 3) (re.range "0" "9")) (str.to_re "/") re.all))))
(assert (! (=> (and |call: arn service ~ s3| (not |call: arn has account|) (not |call: asked on stars|)) (and (not (no-bucket-of-today resource.name)) (or
    (str.in_re resource.name (re.++ (re.union (re.range "a" "z") (re.range "0" "9"))
      ((_ re.loop 1 61) (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re ".") (str.to_re "-")))
      (re.union (re.range "a" "z") (re.range "0" "9"))))
    (str.in_re resource.name (re.++ (re.union (re.range "a" "z") (re.range "0" "9"))
      ((_ re.loop 1 61) (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re ".") (str.to_re "-")))
      (re.union (re.range "a" "z") (re.range "0" "9")) (str.to_re "/") re.all)))))
  :named AR23.bucket :strength soft :source "S3 guide, bucket naming rules: 3 to 63 lower-case letters, digits, dots and hyphens, a letter or digit at both ends, no two adjacent periods, no IP address, reserved beginnings and ends"))
; A bucket whose name ends with -ACCOUNT-REGION-an, of an account that policies name there, belongs to that account. Only
; it can create such buckets since March 2026; the page does not say that nobody did before.
(declare-const bucket.of-other-namespace Bool)    ; its name says another account than its owner
(assert (! (not bucket.of-other-namespace) :named AR24 :strength soft
  :source "S3 guide, namespaces for general purpose buckets: only your account can create buckets in your account regional namespace"))
; A bucket of a name that AWS publishes for a service (tables published-bucket-names and published-service-resources), as
; far as policies admit it by name. Where a service has no bucket in a Region yet, its name might be free.
(declare-const bucket.published-elsewhere Bool)   ; the bucket of such a name is not AWS's own
(assert (! (not bucket.published-elsewhere) :named AR29 :strength soft
  :source "the guides of the services, in the tables: buckets of AWS, by name; S3 guide, bucket naming rules: a name is of one bucket in a partition"))
