; C2: over which hops an identity is reached. One step is one request of an identity of mine that gets through; which
; step leads where says what is called, and on whom. The tables keys/escalation-actions, keys/pass-role-paths and
; keys/guardrail-actions hold the calls; a path is a sequence of steps, each satisfiable by itself, whose session tags
; and source identity the step before may set.
(define-fun step () Bool
  (and access (not always-allowed) iam principal.mine (not forwarded) (not principal.service-linked)))
(define-fun step.takes-role () Bool (and step (= action "sts:AssumeRole")))
(define-fun step.tags-session () Bool (and step (= action "sts:TagSession")))
(define-fun step.sets-source-identity () Bool (and step (= action "sts:SetSourceIdentity")))
(define-fun step.passes-role () Bool (and step (= action "iam:PassRole")))
; Once its trust policy is rewritten, a role is taken by whom the new one names: in its account nothing else need allow it,
; and guardrails and the caller's own Deny statements still hold.
(define-fun step.takes-rewritten () Bool
  (and iam principal.mine (not forwarded) (not principal.service-linked) (= action "sts:AssumeRole") same-account may-call
       (not stopped) (not call.refused) (not identity.denies)
       (not (and boundary.given boundary.denies)) (not (and session.given session.denies))))
; Whoever else it may name, of my accounts or of others.
(define-fun step.taken-by-others () Bool
  (and iam (not forwarded) (not principal.service-linked) (= action "sts:AssumeRole") may-call (not stopped) (not call.refused)))
; A service takes a role that was passed to it, for the account of the role.
(define-fun step.service-takes-role () Bool
  (and access (= caller aws-service) (= action "sts:AssumeRole") (= behalf.account resource.account)))
; From outside somebody enters who is no identity of mine, over calls that give credentials.
(define-fun step.enters () Bool (and access (not always-allowed) C1.premise (not my-iam)))
; What he tags his session with, and the source identity that he sets, is asked of the same trust policy.
(define-fun step.enters-tagged () Bool
  (and access (not always-allowed) my-resource (or (= action "sts:TagSession") (= action "sts:SetSourceIdentity"))
       (not principal.service-linked) (not my-iam)
       (not (str.prefixof "role/aws-service-role/" resource.name))))
