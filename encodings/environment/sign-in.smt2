; AWS Sign-In and unsigned calls of identity pools (W-25, W-26). signin:Authenticate is decided before anybody is
; authenticated: the caller is nobody yet, and the request tells where it comes from and who is asked for.

(assert (! (=> before-authentication (= caller anonymous)) :named AE10.authenticate :strength hard
  :source "Sign-In guide, resource-based policies and RCPs: evaluated before authentication"))
(assert (! (=> (and (= service "signin") (= caller anonymous)) (or before-authentication (= action "signin:CreateAccount")))
  :named AE10.signed :strength hard :source "Sign-In guide: after authentication the principal is known"))
(assert (! (=> (= service "signin") (not (or (= caller aws-service) forwarded))) :named AE10.people :strength hard
  :source "Sign-In guide: people sign in, services do not"))
(assert (! (=> (and (= service "signin") iam) (= principal.account resource.account)) :named AE10.own :strength hard
  :source "Sign-In guide: a principal signs in to its own account"))
; Before an account exists nothing of anybody is touched, and no RCP is asked: endpoint policies alone.
(assert (! (=> (= action "signin:CreateAccount") (and (= caller anonymous) (= resource.account "aws")))
  :named AE10.create-account :strength hard :source "Sign-In guide, signin:CreateAccount: endpoint policies"))
(assert (! (=> (and (= service "signin") (not (= action "signin:CreateAccount"))) (is-account resource.account))
  :named AE10.account :strength hard :source "Sign-In guide: an account is signed in to"))

; The keys of signin:Authenticate are those of the network, aws:RequestedRegion and signin:PrincipalArn. That keys of
; every request are missing, too, is what the table of keys says, and is not put to the proof.
(assert (! (=> before-authentication (not |has aws:PrincipalAccount|)) :named AE10.principal-account :strength hard
  :source "Sign-In guide, condition keys reference: no key of the principal before authentication"))
(assert (! (=> before-authentication (not |has aws:PrincipalType|)) :named AE10.principal-type :strength soft
  :source "Sign-In guide, condition keys reference"))
(assert (! (=> before-authentication (not |has aws:userid|)) :named AE10.userid :strength soft
  :source "Sign-In guide, condition keys reference"))
(assert (! (=> before-authentication (not |has aws:ViaAWSService|)) :named AE10.via-service :strength soft
  :source "Sign-In guide, condition keys reference"))
(assert (! (=> before-authentication (not |has aws:CurrentTime|)) :named AE10.current-time :strength soft
  :source "Sign-In guide, condition keys reference"))
(assert (! (=> before-authentication (not |has aws:EpochTime|)) :named AE10.epoch-time :strength soft
  :source "Sign-In guide, condition keys reference"))
(assert (! (=> before-authentication (not |has aws:SecureTransport|)) :named AE10.secure-transport :strength soft
  :source "Sign-In guide, condition keys reference"))
(assert (! (=> before-authentication (not |has aws:UserAgent|)) :named AE10.user-agent :strength soft
  :source "Sign-In guide, condition keys reference"))
(assert (! (=> before-authentication (not |has aws:ResourceAccount|)) :named AE10.resource-account :strength soft
  :source "Sign-In guide, condition keys reference"))
(assert (! (=> |has signin:PrincipalArn|
    (and before-authentication
         (str.prefixof (str.++ "arn:" aws.partition ":iam::" resource.account ":") |signin:PrincipalArn|)))
  :named AE10.principal-arn :strength hard :source "Sign-In guide, signin:PrincipalArn: the principal that signs in"))
(assert (! (=> before-authentication |has signin:PrincipalArn|) :named AE10.principal-arn-there :strength soft
  :source "Sign-In guide, signin:PrincipalArn"))
(assert (! (not sign-in.unguarded) :named P5.console-authorization :strength soft
  :source "Sign-In guide: policies have no effect until console authorization is enabled"))

; Who asks an identity pool has a token of a login, or is a guest.
(assert (! (=> (and (= service "cognito-identity") (= caller anonymous) |call: action in unsigned-actions|
                    (not (= action "cognito-identity:UnlinkIdentity")))
    (= |has cognito-identity-auth:IdentityPoolArn| (not |has cognito-identity-unauth:IdentityPoolArn|)))
  :named AE11.login :strength soft :source "service authorization reference, Cognito identity: keys of GetId"))
(assert (! (=> |has cognito-identity-unauth:IdentityPoolArn| (= caller anonymous)) :named AE11.guest :strength soft
  :source "service authorization reference, Cognito identity: keys of GetId"))
