; Axioms on the caller and on the session (semantics 4.8, AP*; tables 4.2 and 4.3).
; AP1 (exactly one kind of caller) is the sort Caller; AP18 (organization is a function) is (declare-fun org).

(assert (! (= (or (= caller federated-user)) (= principal.arn-service "sts")) :named AP3.service :strength hard
  :source "IAM guide, identifiers: ARNs of users, roles and root are iam, of federated users sts"))
(assert (! (or (= principal.arn-service "sts") (= principal.arn-service "iam")) :named AP3.iam :strength hard
  :source "IAM guide, identifiers"))
(assert (! (row-of partitions (partition aws.partition)) :named AP3.partition :strength hard
  :source "AWS general reference, ARNs"))
(assert (! (=> (and (= caller user) (not (= principal.account "cloudfront")))
    (str.in_re principal.name (re.++ (str.to_re "user/") (re.union (str.to_re "") (re.++ (re.+ (re.range "!" "~")) (str.to_re "/")))
      ((_ re.loop 1 64) (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
    (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-"))))))
  :named AP3.user :strength hard :source "IAM guide, IAM and STS quotas: name requirements; other characters in paths only"))
; EC2 itself uses volumes and their keys as a role that no customer could name so.
(define-fun ec2-infrastructure () Bool (and (= caller role) (= principal.name "role/aws:ec2-infrastructure")))
(assert (! (=> ec2-infrastructure (and principal.service-role (= wire aws-network) (not forwarded)))
  :named AP3.infrastructure :strength soft
  :source "data-perimeter-policy-examples, network perimeter: role/aws:ec2-infrastructure, by which EC2 attaches encrypted volumes"))
; It has no policies, so that it does what grants of keys allow.
(assert (! (=> ec2-infrastructure (or (= action "kms:CreateGrant") (= action "kms:Decrypt") (= action "kms:DescribeKey")
    (= action "kms:Encrypt") (= action "kms:GenerateDataKey") (= action "kms:GenerateDataKeyWithoutPlaintext")
    (= action "kms:ReEncryptFrom") (= action "kms:ReEncryptTo") (= action "kms:RetireGrant")))
  :named AP3.infrastructure-calls :strength presumed
  :source "EBS guide, permissions for instances: identity-only roles are for encrypted AMIs, volumes and snapshots, and have no policies"))
(assert (! (=> (= caller role) (str.in_re principal.name (re.union (str.to_re "role/aws:ec2-infrastructure") (re.++ (str.to_re "role/")
      (re.union (str.to_re "") (re.++ (re.+ (re.range "!" "~")) (str.to_re "/"))) ((_ re.loop 1 64) (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
    (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-")))))))
  :named AP3.role :strength hard :source "IAM guide, IAM and STS quotas: name requirements; other characters in paths only"))
(assert (! (=> (= caller federated-user)
    (str.in_re principal.name (re.++ (str.to_re "federated-user/") ((_ re.loop 2 32) (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
    (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-"))))))
  :named AP3.federated-user :strength hard :source "STS API reference, GetFederationToken: Name"))
(assert (! (=> iam (not (str.suffixof "/" principal.name))) :named AP3.name :strength hard
  :source "IAM guide, identifiers: a path is followed by a name"))
(assert (! (=> (= caller root) (= principal.name "root")) :named AP3.root :strength hard
  :source "IAM guide, identifiers"))

(assert (! (=> iam |has aws:PrincipalArn|) :named AP2 :strength hard :source "global condition keys, aws:PrincipalArn"))
(assert (! (=> |has aws:PrincipalArn| (or iam (= caller aws-service))) :named AP2.signed :strength hard
  :source "global condition keys, aws:PrincipalArn: not in anonymous requests"))
(assert (! (=> |has aws:PrincipalArn| iam) :named AP2.service :strength soft :source "semantics 7, X-35"))

(assert (! (=> iam (or (is-account principal.account)
    (and (= caller user) (= principal.account "cloudfront")
         (str.prefixof "user/CloudFront Origin Access Identity " principal.name))))
  :named AP4.account :strength hard :source "semantics 4.1, 4.2"))
(assert (! (=> (= caller anonymous) (= principal.account "anonymous")) :named AP4.anonymous :strength hard
  :source "global condition keys, aws:PrincipalAccount"))
(assert (! (=> (= caller federated-sts) (not (is-account principal.account))) :named AP4.federated :strength soft
  :source "semantics 4.8, AP4: callers with a token of a provider have no account yet"))
(assert (! (=> (not iam) (= (org principal.account) "")) :named AP4.nobody :strength hard
  :source "global condition keys, aws:PrincipalOrgID: service principals and anonymous callers are in no organization"))
(assert (! (=> (or iam (and (= caller anonymous) (not before-authentication))) |has aws:PrincipalAccount|) :named AP4 :strength hard
  :source "global condition keys, aws:PrincipalAccount"))
(assert (! (=> (= caller aws-service) (not |has aws:PrincipalAccount|)) :named AP4.service :strength soft
  :source "semantics 7, X-35"))
(assert (! (=> (= principal.account "cloudfront") (= (org principal.account) "")) :named AP4.cloudfront :strength hard
  :source "semantics 4.1"))

(assert (! (= |has aws:PrincipalOrgID| (and iam (in-organization principal.account))) :named AP5 :strength hard
  :source "global condition keys, aws:PrincipalOrgID"))
(assert (! (= |has aws:PrincipalOrgPaths| (and iam (in-organization principal.account))) :named AP6 :strength hard
  :source "global condition keys, aws:PrincipalOrgPaths"))
(assert (! (not |has aws:PrincipalOrgPaths 2|) :named AP6.one :strength hard
  :source "Organizations API reference, ListParents: an account has a single parent"))

(assert (! (= |has aws:PrincipalIsAWSService| signed) :named AP7 :strength hard
  :source "global condition keys, aws:PrincipalIsAWSService"))
(assert (! (ite (= caller aws-service) (= |aws:PrincipalIsAWSService| "true") (= |aws:PrincipalIsAWSService| "false"))
  :named AP7.value :strength hard :source "global condition keys, aws:PrincipalIsAWSService"))
(assert (! (= |has aws:PrincipalServiceName| (= caller aws-service)) :named AP8 :strength hard
  :source "global condition keys, aws:PrincipalServiceName"))
(assert (! (= |has aws:PrincipalServiceNamesList| (= caller aws-service)) :named AP8.list :strength hard
  :source "global condition keys, aws:PrincipalServiceNamesList"))
; Alexa has names of its own, and calls functions alone.
(assert (! (=> (= caller aws-service)
    (or (str.in_re principal.service
          (re.++ (re.+ (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-") (str.to_re ".")))
                 (re.union (str.to_re ".amazonaws.com") (str.to_re ".amazonaws.com.cn"))))
        (and (= service "lambda") (or (= principal.service "alexa-appkit.amazon.com")
                                      (= principal.service "alexa-connectedhome.amazon.com")))))
  :named AP8.name :strength soft
  :source "IAM guide, AWS service principals; Lambda API reference, AddPermission: EventSourceToken of Alexa"))
(assert (! (=> (str.suffixof ".amazonaws.com.cn" principal.service) (= aws.partition "aws-cn")) :named AP8.partition
  :strength hard :source "IAM guide, AWS service principals: names in the China Regions"))

; An origin access identity is written like a user and is none: no page tells whether its calls have a user name.
(define-fun iam-user () Bool (and (= caller user) (not (= principal.account "cloudfront"))))
(assert (! (and (=> |has aws:username| (= caller user)) (=> iam-user |has aws:username|)) :named AP9 :strength hard
  :source "global condition keys, aws:username"))
(assert (! (=> iam-user (or (= principal.name (str.++ "user/" |aws:username|))
    (str.suffixof (str.++ "/" |aws:username|) principal.name)))
  :named AP9.value :strength hard :source "semantics 4.8, AP9"))
(assert (! (or (str.in_re |aws:username| ((_ re.loop 1 64) (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
    (str.to_re "_") (str.to_re "+") (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-"))))
  (and (= principal.account "cloudfront") (str.in_re |aws:username| (re.+ (re.union (re.range "a" "z") (re.range "A" "Z")
    (re.range "0" "9") (str.to_re " "))))))
  :named AP19.username :strength hard :source "IAM guide, IAM and STS quotas: name requirements"))

(assert (! (or before-authentication |has aws:PrincipalType|) :named AP10 :strength hard :source "global condition keys, aws:PrincipalType"))
(assert (! (and (=> (= caller user) (= |aws:PrincipalType| "User"))
                (=> (= caller role) (= |aws:PrincipalType| "AssumedRole"))
                (=> (= caller root) (= |aws:PrincipalType| "Account"))
                (=> (= caller federated-user) (= |aws:PrincipalType| "FederatedUser"))
                (=> (= caller anonymous) (= |aws:PrincipalType| "Anonymous")))
  :named AP10.value :strength hard :source "global condition keys, aws:PrincipalType"))
(assert (! (=> (not (or (= caller aws-service) before-authentication)) |has aws:userid|) :named AP11 :strength hard
  :source "global condition keys, aws:userid"))
(assert (! (=> iam-user (str.in_re |aws:userid| (re.+ (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
    (str.to_re "_"))))) :named AP11.user-id-text :strength hard :source "IAM API reference, User, UserId: 16 to 128 characters"))
(assert (! (=> (= caller user) (str.in_re |aws:userid| (re.++ (str.to_re "AIDA")
    (re.+ (re.union (re.range "A" "Z") (re.range "0" "9"))))))
  :named AP11.user-id :strength soft :source "IAM guide, identifiers: prefixes, which the quotas page does not guarantee"))
(assert (! (and (=> (= caller role) (= |aws:userid| (str.++ |principal.unique-id| ":" principal.session)))
                (=> (= caller root) (= |aws:userid| principal.account))
                (=> (= caller federated-user) (and (= |aws:userid| (str.++ principal.account ":" principal.session))
                                                   (= principal.name (str.++ "federated-user/" principal.session))))
                (= (= caller anonymous) (= |aws:userid| "anonymous")))
  :named AP11.value :strength hard :source "IAM guide, policy variables: aws:userid per kind of principal"))
(assert (! (=> (= caller aws-service) (not |has aws:userid|)) :named AP11.service :strength soft
  :source "IAM guide, values of the principal keys: none for services; no service has the unique id of a customer"))

(assert (! (str.in_re |principal.unique-id| (re.++ (str.to_re "AROA") (re.+ (re.union (re.range "A" "Z") (re.range "0" "9")))))
  :named AP11.unique-id :strength soft :source "IAM guide, identifiers: prefixes, which the quotas page does not guarantee"))
(assert (! (str.in_re principal.session (re.++
    (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9") (str.to_re "_") (str.to_re "+") (str.to_re "=")
      (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-"))
    ((_ re.loop 1 63) (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9") (str.to_re "_") (str.to_re "+")
      (str.to_re "=") (str.to_re ",") (str.to_re ".") (str.to_re "@") (str.to_re "-")))))
  :named AP19.session :strength hard :source "STS API reference, RoleSessionName: 2 to 64 characters"))
(assert (! (= |has aws:TokenIssueTime| principal.temporary) :named AP12 :strength hard
  :source "global condition keys, aws:TokenIssueTime"))
(assert (! (=> (or (= caller role) (= caller federated-user)) principal.temporary) :named AP12.sessions :strength hard
  :source "semantics 4.1"))
(assert (! (=> principal.temporary iam) :named AP12.iam :strength soft :source "semantics 4.1"))
(assert (! (=> (and forwarded) principal.temporary) :named AP12.forwarded :strength soft
  :source "IAM guide, MFA-protected API access"))
(assert (! (=> (and |has aws:TokenIssueTime| |has aws:CurrentTime|)
    (<= (instant |aws:TokenIssueTime|) (instant |aws:CurrentTime|)))
  :named AP12.order :strength hard :source "semantics 4.8, AP12"))
(assert (! (=> |has aws:MultiFactorAuthPresent| (and principal.temporary (not (= caller federated-user))))
  :named AP13 :strength hard :source "global condition keys, aws:MultiFactorAuthPresent"))
(assert (! (=> |has aws:MultiFactorAuthAge|
    (and |has aws:MultiFactorAuthPresent| (= |aws:MultiFactorAuthPresent| "true")))
  :named AP13.age :strength soft :source "global condition keys, aws:MultiFactorAuthAge"))
(assert (! (and (= |has aws:Ec2InstanceSourceVpc| |has aws:Ec2InstanceSourcePrivateIPv4|)
                (= |has aws:Ec2InstanceSourceVpc| |has ec2:SourceInstanceArn|)
                (= |has aws:Ec2InstanceSourceVpc| |has ec2:RoleDelivery|))
  :named AP14 :strength soft :source "semantics 4.8, AP14"))
(assert (! (=> (or |has aws:Ec2InstanceSourceVpc| |has aws:Ec2InstanceSourcePrivateIPv4|
                   |has ec2:SourceInstanceArn| |has ec2:RoleDelivery|) (= caller role))
  :named AP14.role :strength soft :source "semantics 4.8, AP14"))
; The instance is one of the account of its role, which no other account can pass to it.
(assert (! (is-region instance.region) :named AP14.region :strength hard
  :source "AWS general reference, ARNs: the Region of an instance"))
(assert (! (str.in_re instance.id (re.++ (str.to_re "i-") (re.+ (re.union (re.range "a" "z") (re.range "0" "9")))))
  :named AP14.instance :strength hard :source "EC2 resource ids: lower-case letters and digits"))
(assert (! (is-region function.region) :named AP14.function-region :strength hard
  :source "AWS general reference, ARNs: the Region of a function"))
(assert (! (str.in_re function.name (re.+ (re.union (re.range "a" "z") (re.range "A" "Z") (re.range "0" "9")
    (str.to_re "_") (str.to_re "-") (str.to_re ".")))) :named AP14.function :strength hard
  :source "Lambda API reference, FunctionName: letters, digits, hyphens and underscores; replicas at the edge have a dot"))
(assert (! (=> |has aws:Ec2InstanceSourceVpc| (str.in_re |aws:Ec2InstanceSourceVpc| (re.++ (str.to_re "vpc-")
    (re.+ (re.union (re.range "a" "z") (re.range "0" "9") (str.to_re "-"))))))
  :named AP14.vpc :strength hard :source "global condition keys, aws:Ec2InstanceSourceVpc: the id of a VPC"))
(assert (! (=> |has ec2:RoleDelivery| (or (= |ec2:RoleDelivery| "1.0") (= |ec2:RoleDelivery| "2.0")))
  :named AP14.delivery :strength soft :source "EC2 guide, instance metadata service: version 1.0 or 2.0 role credentials"))
; An instance stands in a VPC of its account, or in a subnet that an account of its organization shares. The exception is
; one that runs on in a subnet which is no longer shared, as after one of the accounts left the organization. Ids of VPCs
; are unique in a Region; that another VPC elsewhere has the same one is another exception.
(assert (! (=> (and on-endpoint |has ec2:SourceInstanceArn| |has aws:Ec2InstanceSourceVpc|
                    (= endpoint.vpc |aws:Ec2InstanceSourceVpc|) (= endpoint.region instance.region))
    (or (= vpc.account principal.account)
        (and (in-organization vpc.account) (= (org vpc.account) (org principal.account)))))
  :named AP14.shared :strength soft
  :source "VPC guide, share your VPC subnets: participants belong to the owner's organization"))
(assert (! (=> (and on-endpoint |has ec2:SourceInstanceArn| |has aws:Ec2InstanceSourceVpc|
                    (= endpoint.vpc |aws:Ec2InstanceSourceVpc|)) (= endpoint.region instance.region))
  :named AP14.unique :strength soft :source "semantics 4.4: ids of VPCs are unique in a Region"))
(assert (! (and (= |has aws:AssumedRoot| principal.assumed-root) (=> |has aws:AssumedRoot| (= |aws:AssumedRoot| "true")))
  :named AP15 :strength hard :source "global condition keys, aws:AssumedRoot"))
(assert (! (=> principal.assumed-root (and (= caller root) principal.temporary)) :named AP15.root :strength hard
  :source "STS API reference, AssumeRoot"))
; A session of AssumeRoot does its task, in its own account, and nothing else.
(declare-const |call: action in root-task-actions| Bool)
(assert (! (=> principal.assumed-root (and |call: action in root-task-actions| (= principal.account resource.account)))
  :named AP15.task :strength soft :source "IAM guide, AWS managed policies for AssumeRoot: task policies"))
(assert (! (=> |has aws:SourceIdentity| (or (= caller role) principal.assumed-root)) :named AP16.source-identity
  :strength soft
  :source "global condition keys, aws:SourceIdentity: set when a role is assumed; STS API reference, AssumeRoot: SourceIdentity"))
(assert (! (=> |has aws:FederatedProvider|
    (or (= caller role) (and (= caller federated-sts) (not (= action "sts:AssumeRoleWithSAML")))))
  :named AP16.federated-provider :strength soft :source "global condition keys, aws:FederatedProvider"))
(assert (! (=> (= action "sts:AssumeRoleWithWebIdentity") |has aws:FederatedProvider|)
  :named AP16.provider-there :strength hard
  :source "global condition keys, aws:FederatedProvider: in the trust policy when an OIDC provider is used"))
; The call names its provider: the ARN of one in IAM, the name of one that AWS knows by itself.
(assert (! (=> (and |has aws:FederatedProvider| (= caller federated-sts) (not (= action "sts:AssumeRoleWithSAML")))
    (= |aws:FederatedProvider| principal.provider))
  :named AP16.provider-value :strength hard :source "global condition keys, aws:FederatedProvider: its values"))
; The provider that a session names is one in the account of its role. No page tells what a chained session carries.
(assert (! (=> (and |has aws:FederatedProvider| (= caller role) (str.prefixof "arn:" |aws:FederatedProvider|))
    (str.prefixof (str.++ "arn:" aws.partition ":iam::" principal.account ":") |aws:FederatedProvider|))
  :named AP16.provider-account :strength soft
  :source "IAM guide, creating OIDC providers: those in a role trust policy must be in the account of the role"))
(assert (! (and (=> |has aws:SignInSessionArn| principal.temporary) (=> |has aws:ChatbotSourceArn| (= caller role)))
  :named AP16.sign-in :strength soft
  :source "global condition keys, aws:SignInSessionArn and aws:ChatbotSourceArn: sessions of AWS Sign-In and of roles"))

(assert (! (=> principal.service-linked (and (= caller role) (str.prefixof "role/aws-service-role/" principal.name)))
  :named AP3.service-linked :strength hard :source "semantics 3.3"))
(assert (! (=> (and (= caller role) (str.prefixof "role/aws-service-role/" principal.name)) principal.service-linked)
  :named AP3.service-linked-path :strength hard
  :source "IAM guide: only service-linked roles have the path /aws-service-role/"))
(assert (! (=> principal.service-role (= caller role)) :named AP3.service-role :strength hard :source "semantics 4.1"))
(assert (! (=> principal.made-by-root (= caller federated-user)) :named AP3.made-by-root :strength hard
  :source "semantics 3.10"))
(assert (! (=> (not (= caller aws-service)) (= behalf.account "")) :named AP16.behalf :strength hard
  :source "semantics 4.1"))
(assert (! (or (= behalf.account "") (is-account behalf.account)) :named AP16.behalf-account :strength hard
  :source "semantics 4.1"))
