; C1: who gets credentials of mine. Stated like the objectives, on ground truth: a session of a role of mine is given to
; my identities, to services that act for me, to declared vendors that prove themselves, to declared identity providers
; by audience and subject, and to sessions of permission sets. Trust policies, SCPs, RCPs and endpoint policies decide.
(declare-const credentials.to-vendor Bool)      ; a declared vendor, at a role meant for it, with the ExternalId asked for
(declare-const credentials.to-provider Bool)    ; a declared provider; one that customers share by its subjects as well

(define-fun gives-credentials () Bool
  (or (= action "sts:AssumeRole") (= action "sts:AssumeRoleWithSAML") (= action "sts:AssumeRoleWithWebIdentity")
      (= action "sts:AssumeRoot") (= action "sts:GetFederationToken") (= action "sts:GetSessionToken")))
; IAM Identity Center signs in to the roles of its permission sets with a provider of its own in the account of the role.
; AWS alone makes roles below this path, and their trust policies.
(define-fun credentials.of-permission-set () Bool
  (and (str.prefixof "role/aws-reserved/sso.amazonaws.com/" resource.name)
       (str.prefixof (str.++ "arn:" aws.partition ":iam::" resource.account ":saml-provider/AWSSSO_") principal.provider)))
(define-fun credentials.to-permission-set () Bool
  (and (= action "sts:AssumeRoleWithSAML") credentials.of-permission-set))

; Services carry their caller's session on to STS for bearer tokens (sts:GetServiceBearerToken); no page of AWS names one
; that begins a session so, and there is no complete list.
(declare-const credentials.carried Bool)        ; a service begins a session with the forwarded one of its caller
(assert (! (not credentials.carried) :named AE5.forwarded :strength soft
  :source "IAM guide, forward access sessions: requests that the service needs to complete the caller's; none is named that begins a session"))

; The trust policy of a service-linked role is AWS's own (AE9.service-linked), and AWS alone acts as one, with the
; permissions that the service documents: whoever it belongs to.
(define-fun C1.premise () Bool
  (and my-resource gives-credentials (not principal.service-linked) (=> forwarded credentials.carried)
       (not (str.prefixof "role/aws-service-role/" resource.name))))
(define-fun C1.conclusion () Bool
  (or my-iam credentials.to-vendor credentials.to-provider credentials.to-permission-set))
