; An obligation of our own, beside the six objectives: only identities of the organization read our secrets.
; `perimeter prove docs/examples/acme --assertion docs/examples/acme/no-public-secrets.smt2` proves it or shows a request.
; The symbols are those of encodings/vocabulary.smt2, encodings/authorization.smt2 and encodings/perimeter.smt2.
; RCPs do not bind the management account and service-linked roles. What perimeter.yaml accepts does not carry over
; to an assertion, so that these two are left out here in so many words.
(define-fun secret-of-ours () Bool
  (and (= action "secretsmanager:GetSecretValue") resource.mine (not resource.management)))
(assert (! (=> (and secret-of-ours (not principal.service-linked)) my-iam) :named secrets-stay-inside))
