; The open points of semantics 7 that change a verdict. A reading symbol is false under the chosen reading
; (mode exact) and free in mode over. Symbols: X-n chosen | rival.
(declare-const X-1 Bool)    ; a star that ends an ARN segment runs on | stays inside its field
(declare-const X-2 Bool)    ; incomplete ARNs outside identity policies: as 1.5.4 | padded
(declare-const X-3 Bool)    ; unset variable in NotResource: empty set | the statement fails
(declare-const X-4 Bool)    ; NotPrincipal: account and user or role must be listed | any hit exempts
(declare-const X-5 Bool)    ; ForAnyValue...IfExists with absent key: true | false
(declare-const X-6 Bool)    ; multivalued key without set operator: nothing matches | any value, and absence as of any key
(declare-const X-8 Bool)    ; the empty text is null for Null and ForAllValues | a value like any other
(declare-const X-9 Bool)    ; bare IPv6 address: /128 | /32
(declare-const X-10 Bool)   ; unparsable value under a negated operator: true | false
(declare-const X-11 Bool)   ; wildcard in the service field or the resource type of an ARN: accepted | matches nothing
(declare-const X-12 Bool)   ; ARN operator on a value that is no ARN: both false | negated true
(declare-const X-13 Bool)   ; short ARN pattern: positive false, negated true | padded
(declare-const X-14 Bool)   ; four digits as a date: year | epoch seconds
(declare-const X-15 Bool)   ; variables under Bool: yes | plain text
(declare-const X-16 Bool)   ; unset variable under a negated operator: true | false
(declare-const X-17 Bool)   ; variables in RCPs: yes | plain text
(declare-const X-18 Bool)   ; RCPs and actions without resource types: apply | do not
(declare-const X-19 Bool)   ; RCP service list: documentation's | intersection of the known lists
(declare-const X-25 Bool)   ; wildcard in the service half of an action: only *:* | expands
(declare-const X-27 Bool)   ; {"AWS": "*"} and service principals: matches | does not
(declare-const X-30 Bool)   ; set operator before Null: as Null | never
(declare-const X-32 Bool)   ; KMS grants that nobody listed: there are none | they may cover any call
(declare-const X-38 Bool)   ; segment-final star in ARN operators: field-wise | runs on
(declare-const X-39 Bool)   ; GetCallerIdentity: never stopped | stopped by guardrails
(declare-const X-41 Bool)   ; bucket policies of which the page does not say whether they are public: they are | they are not
(declare-const X-42 Bool)   ; wildcard characters inside a variable's value: literal | act
(declare-const X-44 Bool)   ; SCPs and RCPs on a call through an access point: asked about the bucket, too | about the access point alone
(declare-const X-45 Bool)   ; {"AWS": "*"} and callers with a token of a provider: does not match | matches
(declare-const X-46 Bool)   ; calls without resource types: asked on the token * | on an ARN of the service with stars or nothing for names
