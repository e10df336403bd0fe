#!/bin/sh
# Checks an audit bundle of Lethe with sh, cat, openssl (3.0 or newer) and sha256sum: no network, no Lethe, nothing is written.
#
#   sh verify.sh [BUNDLE [KEYS]]
#
# BUNDLE  the folder of the bundle; the one that this script lies in where it is left out
# KEYS    a folder with public keys that you got from somebody you trust, in PEM: controller*.pem, verifier*.pem, log*.pem and, for
#         cosignatures, witness*.pem, for timestamps tsa*.pem (certificates); without it keys and certificates are the bundle's own, and
#         you compare their fingerprints yourself
#
# Exits 0 where everything checked holds, 1 where something does not and says what, 2 where a tool is missing. Take this script from
# a release of Lethe or read it: one that comes from the party that is audited proves nothing.
set -u
LC_ALL=C
export LC_ALL
unset IFS
nl='
'

fail() {
    printf 'verify: does not hold: %s\n' "$1" >&2
    exit 1
}

case $0 in */*) own=${0%/*} ;; *) own=. ;; esac
bundle=${1:-$own}
keys=${2:-}
for tool in openssl sha256sum cat; do
    command -v "$tool" >/dev/null 2>&1 || { printf 'verify: %s is missing\n' "$tool" >&2; exit 2; }
done
case $(openssl version) in
    "OpenSSL "[012].*) printf 'verify: expected OpenSSL 3.0 or newer, found %s\n' "$(openssl version)" >&2; exit 2 ;;
esac
[ -d "$bundle" ] || { printf 'verify: %s: no such folder\n' "$bundle" >&2; exit 2; }

digest() { # of standard input
    sum=$(sha256sum) && printf '%s' "${sum%% *}"
}

used=' README.txt verify.sh SHA256SUMS '
text() { # FILE: its bytes in $text
    [ -f "$bundle/$1" ] || fail "$1: missing"
    used="$used$1 "
    text=$(cat "$bundle/$1" && printf x) || fail "$1: cannot be read"
    text=${text%x}
    # Shells drop NUL bytes; then what is compared below would not be what lies there.
    [ "$(printf '%s' "$text" | digest)" = "$(digest <"$bundle/$1")" ] || fail "$1: holds a NUL byte"
}

bytes() { # HEX: as bytes on standard output
    hex=$1 format=
    while [ -n "$hex" ]; do
        rest=${hex#??}
        value=$((0x${hex%"$rest"}))
        format="$format\\$((value / 64))$((value / 8 % 8))$((value % 8))"
        hex=$rest
    done
    printf "$format"
}

# --- Every file is the one that was put in: accidents first, forgeries below -----------------------------------------------------
text SHA256SUMS
listed=' '
manifest=${text%"$nl"}
[ "$manifest$nl" = "$text" ] || fail "SHA256SUMS: does not end with one newline"
while IFS= read -r line; do
    name=${line#*"  "}
    case $name in
        '' | .* | *[!A-Za-z0-9._-]* | SHA256SUMS) fail "SHA256SUMS: a line names no file of a bundle" ;;
    esac
    [ -f "$bundle/$name" ] || fail "$name: listed in SHA256SUMS and missing"
    [ "$(digest <"$bundle/$name")  $name" = "$line" ] || fail "$name: its SHA-256 is not the one in SHA256SUMS"
    case $listed in *" $name "*) fail "$name: listed twice in SHA256SUMS" ;; esac
    listed="$listed$name "
done <<END_OF_MANIFEST
$manifest
END_OF_MANIFEST
for path in "$bundle"/*; do
    name=${path##*/}
    case "$listed SHA256SUMS " in *" $name "*) ;; *) fail "$name: not listed in SHA256SUMS" ;; esac
done

# --- Keys ------------------------------------------------------------------------------------------------------------------------
key() { # FILE ROLE: its fingerprint in $id, its 32 bytes as hex in $raw
    text "$1"
    [ "$(openssl pkey -pubin -in "$bundle/$1" 2>/dev/null && printf x)" = "${text}x" ] ||
        fail "$1: not one public key in the form in which openssl writes it"
    id=$(openssl pkey -pubin -in "$bundle/$1" -outform DER 2>/dev/null | digest)
    raw=$(openssl pkey -pubin -in "$bundle/$1" -noout -text 2>/dev/null)
    case $raw in "ED25519 Public-Key:"*) ;; *) fail "$1: not an Ed25519 key" ;; esac
    raw=${raw#*pub:}
    IFS=": $nl"
    set -- "$1" "$2" $raw
    unset IFS
    key_file=$1 role=$2 raw=
    shift 2
    for byte; do raw=$raw$byte; done
    [ ${#raw} -eq 64 ] || fail "$key_file: not a key of 32 bytes"
    [ -z "$keys" ] && return
    for trusted in "$keys/$role"*.pem; do
        [ -f "$trusted" ] && [ "$(openssl pkey -pubin -in "$trusted" -outform DER 2>/dev/null | digest)" = "$id" ] && return
    done
    fail "$key_file: not one of the keys $keys/$role*.pem"
}

signature() { # KEY-FILE MESSAGE-FILE SIGNATURE-FILE WHAT
    used="$used$2 $3 "
    openssl pkeyutl -verify -pubin -inkey "$bundle/$1" -rawin -in "$bundle/$2" -sigfile "$bundle/$3" >/dev/null 2>&1 ||
        fail "$3: not a signature of $4 by the key $1"
}

# --- Checkpoint: origin, size and root, signed by the log and by witnesses ---------------------------------------------------------
text checkpoint.txt
checkpoint=$text
origin=${text%%"$nl"*} rest=${text#*"$nl"}
size=${rest%%"$nl"*} rest=${rest#*"$nl"}
root=${rest%%"$nl"*}
[ "$checkpoint" = "$origin$nl$size$nl$root$nl" ] || fail "checkpoint.txt: not three lines: origin, size, root"
case $size in '' | *[!0-9]* | 0*) fail "checkpoint.txt: size: expected a number from 1 on" ;; esac
[ ${#size} -le 18 ] || fail "checkpoint.txt: size: too large"
text checkpoint.note
note=$text
rest=${note#"$checkpoint$nl"}
[ "$rest" != "$note" ] || fail "checkpoint.note: does not begin with checkpoint.txt and an empty line"
dash=$(printf '\342\200\224')
number=0 log_keys= witnesses=
while [ -n "$rest" ]; do
    number=$((number + 1))
    line=${rest%%"$nl"*}
    rest=${rest#"$line$nl"}
    after=$rest
    base64=${line##* } name=${line#"$dash "}
    name=${name%" $base64"}
    [ "$line" = "$dash $name $base64" ] || fail "checkpoint.note: signature line $number is malformed"
    if [ -f "$bundle/checkpoint.cosigned-$number" ]; then
        key "checkpoint.key-$number.pem" witness
        text "checkpoint.cosigned-$number"
        time=${text#"cosignature/v1${nl}time "}
        time=${time%%"$nl"*}
        case $time in '' | *[!0-9]* | 0?*) fail "checkpoint.cosigned-$number: no time" ;; esac
        [ "$text" = "cosignature/v1${nl}time $time$nl$checkpoint" ] ||
            fail "checkpoint.cosigned-$number: not the cosignature text over checkpoint.txt"
        kind=04 stamp=$(printf %016x "$time") signed=checkpoint.cosigned-$number
        witnesses="$witnesses$name at second $time (key $id)$nl"
    else
        key "checkpoint.key-$number.pem" log
        [ "$name" = "$origin" ] || fail "checkpoint.note: signature line $number is by $name, not by the log $origin"
        kind=01 stamp= signed=checkpoint.txt
        log_keys="$log_keys$id "
    fi
    signature "checkpoint.key-$number.pem" "$signed" "checkpoint.sig-$number" "$signed"
    hint=$({ printf '%s\n' "$name"; bytes "$kind$raw"; } | digest)
    hint=${hint%"${hint#????????}"}
    [ "$({ bytes "$hint$stamp"; cat "$bundle/checkpoint.sig-$number"; } | openssl base64 -A)" = "$base64" ] ||
        fail "checkpoint.note: signature line $number is not checkpoint.sig-$number under checkpoint.key-$number.pem"
    rest=$after
done
[ -n "$log_keys" ] || fail "checkpoint.note: no signature by the log"

# --- Timestamps of the checkpoint: RFC 3161, each under the certificate that came with it --------------------------------------------
seconds() { # MONTH DAY HOURS:MINUTES:SECONDS YEAR: seconds since 1970 in $seconds
    [ $# -eq 4 ] || return 1
    case $1 in
        Jan) set -- 11 "$@" ;; Feb) set -- 12 "$@" ;; Mar) set -- 1 "$@" ;; Apr) set -- 2 "$@" ;;
        May) set -- 3 "$@" ;; Jun) set -- 4 "$@" ;; Jul) set -- 5 "$@" ;; Aug) set -- 6 "$@" ;;
        Sep) set -- 7 "$@" ;; Oct) set -- 8 "$@" ;; Nov) set -- 9 "$@" ;; Dec) set -- 10 "$@" ;;
        *) return 1 ;;
    esac
    clock=${4%%.*}
    hours=${clock%%:*} minutes=${clock#*:}
    seconds=${minutes#*:} minutes=${minutes%%:*}
    case $3$hours$minutes$seconds$5 in 0* | *[!0-9]*) return 1 ;; esac
    [ ${#3} -le 2 ] && [ ${#clock} -eq 8 ] && [ ${#5} -eq 4 ] || return 1
    # The year begins in March, so that a leap day is its last; a leading 1 keeps 08 and 09 from being octal.
    year=$((1$5 - 10000 - $1 / 11)) days=$(((153 * ($1 - 1) + 2) / 5 + $3 - 1))
    days=$((365 * year + year / 4 - year / 100 + year / 400 + days - 719468))
    seconds=$((((days * 24 + 1$hours - 100) * 60 + 1$minutes - 100) * 60 + 1$seconds - 100))
}

stamped() { # CERTIFICATE RESPONSE: whether it is by that authority over checkpoint.txt, the chain judged at the time that it states
    openssl ts -verify -digest "$(digest <"$bundle/checkpoint.txt")" -in "$bundle/$2" -CAfile "$1" -partial_chain \
        -attime "$seconds" >/dev/null 2>&1
}

certificate() { # FILE: the fingerprint of its first certificate
    openssl x509 -in "$1" -outform DER 2>/dev/null | digest
}

number=1 stamps= unknown= strangers=
while [ -f "$bundle/checkpoint.tsr-$number" ]; do
    response=checkpoint.tsr-$number
    used="$used$response "
    # Of the signed token alone: what stands around it, the authority has not signed.
    token=$(openssl ts -reply -in "$bundle/$response" -token_out 2>/dev/null |
        openssl ts -reply -token_in -in /dev/stdin -text 2>/dev/null)
    case $token in *"${nl}Time stamp: "*" GMT${nl}"*) ;; *) fail "$response: not a timestamp response with a token" ;; esac
    moment=${token#*"${nl}Time stamp: "}
    moment=${moment%%" GMT$nl"*}
    case $moment in *[!A-Za-z0-9.:\ ]*) fail "$response: its time is malformed" ;; esac
    seconds $moment || fail "$response: its time is malformed"
    if [ -f "$bundle/checkpoint.tsa-$number.pem" ]; then
        text "checkpoint.tsa-$number.pem"
        [ "$(openssl x509 -in "$bundle/checkpoint.tsa-$number.pem" 2>/dev/null && printf x)" = "${text}x" ] ||
            fail "checkpoint.tsa-$number.pem: not one certificate in the form in which openssl writes it"
        stamped "$bundle/checkpoint.tsa-$number.pem" "$response" ||
            fail "$response: not a timestamp of checkpoint.txt under checkpoint.tsa-$number.pem"
        authority=$bundle/checkpoint.tsa-$number.pem known=
        for trusted in "$keys"/tsa*.pem; do
            [ -n "$keys" ] && [ -f "$trusted" ] || continue
            known=no
            if stamped "$trusted" "$response"; then known=yes authority=$trusted; break; fi
        done
        [ "$known" != no ] || fail "$response: not a timestamp under one of the certificates $keys/tsa*.pem"
        [ -z "$keys" ] || [ -n "$known" ] || strangers="$strangers$response "
        stamps="$stamps$moment GMT, under the certificate $(certificate "$authority")$nl"
    else
        unknown="$unknown$response "
    fi
    number=$((number + 1))
done

# --- Statements: DSSE envelope, signature, place in the log ------------------------------------------------------------------------
statement() { # NAME ROLE: $statement, $id, $leaf, $index, $envelope
    key "$1.pem" "$2"
    key_id=$id
    text "$1.dsse.json"
    type=application/vnd.in-toto+json
    rest=${text#'{"payload":"'}
    payload=${rest%%'"'*}
    rest=${rest#"$payload"'","payloadType":"'"$type"'","signatures":[{"keyid":"'}
    hint=${rest%%'"'*}
    rest=${rest#"$hint"'","sig":"'}
    sig=${rest%%'"'*}
    [ "$text" = '{"payload":"'"$payload"'","payloadType":"'"$type"'","signatures":[{"keyid":"'"$hint"'","sig":"'"$sig"'"}]}' ] ||
        fail "$1.dsse.json: not an envelope with one signature in canonical form"
    [ "$hint" = "$key_id" ] || fail "$1.dsse.json: names the key $hint, but $1.pem is $key_id"
    envelope=$(printf '%s' "$text" | digest)
    length=$((${#payload} / 4 * 3))
    case $payload in *==) length=$((length - 2)) ;; *=) length=$((length - 1)) ;; esac
    statement=$(printf '%s' "$payload" | openssl base64 -d -A) || fail "$1.dsse.json: the payload is not base64"
    [ "$({ printf 'DSSEv1 28 %s %d ' "$type" "$length"; printf '%s' "$payload" | openssl base64 -d -A; } | digest)" = \
        "$(digest <"$bundle/$1.pae")" ] || fail "$1.pae: not the pre-authentication encoding of $1.dsse.json"
    [ "$(printf '%s' "$sig" | openssl base64 -d -A | digest)" = "$(digest <"$bundle/$1.sig")" ] ||
        fail "$1.sig: not the signature in $1.dsse.json"
    signature "$1.pem" "$1.pae" "$1.sig" "$1.pae"
    case $statement in
        '{"_type":"https://in-toto.io/Statement/v1","predicate":{'*'},"predicateType":"'"$3"'","subject":[{"digest":{'*'}]}') ;;
        *) fail "$1.dsse.json: not an in-toto statement of type $3" ;;
    esac
    leaf=$({ printf '\000'; printf '%s' "$text"; } | digest)
    included "$1"
}

included() { # NAME: RFC 9162, section 2.1.3.2, from $leaf to $root
    text "$1.tlog-proof"
    rest=${text#"c2sp.org/tlog-proof@v1${nl}index "}
    index=${rest%%"$nl"*}
    case $index in '' | *[!0-9]* | 0?*) fail "$1.tlog-proof: no index" ;; esac
    [ ${#index} -le 18 ] && [ "$index" -lt "$size" ] || fail "$1.tlog-proof: index $index is not below the size $size"
    hash=$leaf fn=$index sn=$((size - 1)) level=0
    proof="c2sp.org/tlog-proof@v1${nl}index $index$nl"
    while :; do
        node=$1.node-$((level / 10))$((level % 10)).bin
        [ -f "$bundle/$node" ] || break
        used="$used$node "
        line=$(openssl base64 -A -in "$bundle/$node")
        [ ${#line} -eq 44 ] && [ "${line%?}=" = "$line" ] || fail "$node: not 32 bytes"
        proof=$proof$line$nl
        [ "$sn" -gt 0 ] || fail "$node: the path is too long"
        if [ $((fn & 1)) -eq 1 ] || [ "$fn" -eq "$sn" ]; then
            hash=$({ printf '\001'; cat "$bundle/$node"; bytes "$hash"; } | digest)
            while [ $((fn & 1)) -eq 0 ] && [ "$fn" -ne 0 ]; do fn=$((fn >> 1)) sn=$((sn >> 1)); done
        else
            hash=$({ printf '\001'; bytes "$hash"; cat "$bundle/$node"; } | digest)
        fi
        fn=$((fn >> 1)) sn=$((sn >> 1)) level=$((level + 1))
    done
    [ "$sn" -eq 0 ] || fail "$1.tlog-proof: the path is too short"
    [ "$(bytes "$hash" | openssl base64 -A)" = "$root" ] || fail "$1.tlog-proof: the path does not lead to the root in checkpoint.txt"
    [ "$text" = "$proof$nl$note" ] || fail "$1.tlog-proof: not index, nodes and checkpoint.note of this bundle"
}

statement request controller urn:lethe:request-event:v1
request=$statement request_key=$key_id request_index=$index request_leaf=$leaf
statement test verifier https://in-toto.io/attestation/test-result/v0.1
test=$statement test_key=$key_id test_index=$index test_envelope=$envelope
statement certificate controller urn:lethe:unlearning-certificate:v1

# --- What the three say of each other ----------------------------------------------------------------------------------------------
[ "$key_id" != "$test_key" ] || fail "test.pem: the forgetting test is signed by the certificate's own key"
[ "$test_index" -lt "$index" ] && [ "$request_index" -lt "$index" ] ||
    fail "certificate.tlog-proof: expected request and test before the certificate in the log"
case $statement in
    *'"attestations":[{"predicateType":"https://in-toto.io/attestation/test-result/v0.1","sha256":"'"$test_envelope"'"}]'*) ;;
    *) fail "test.dsse.json: not the forgetting test that the certificate names" ;;
esac
case $statement in
    *'"receivedEntry":{"index":"'"$request_index"'","leafHash":"'"$request_leaf"'"}'*) ;;
    *) fail "request.dsse.json: not the receipt that the certificate names" ;;
esac
case $statement in
    *'"tenant":"'"$origin"'","unlearning":{'* | *'"tenant":"'"${origin#*/}"'","unlearning":{'*) ;;
    *) fail "certificate.dsse.json: the certificate of another tenant than the log's" ;;
esac
model=${statement##*'"subject":[{"digest":{"sha256":"'}
model=${model%%'"'*}
case $test in
    *'"subject":[{"digest":{"sha256":"'"$model"'"},"name":"'*) ;;
    *) fail "test.dsse.json: about another model than the certificate" ;;
esac
request_id=${statement#*'"request":{'}
request_id=${request_id#*'"requestId":"'}
request_id=${request_id%%'"'*}
case $request in
    *'"event":"received"'*'"requestId":"'"$request_id"'"'*) ;;
    *) fail "request.dsse.json: not the receipt of request $request_id" ;;
esac
# What only a repetition reads, lethe replay holds to the log; here it is not looked into.
again=
for name in replay.json policy.yaml trajectory.json trajectory-references.json; do
    [ -f "$bundle/$name" ] || continue
    [ -f "$bundle/replay.json" ] && [ -f "$bundle/policy.yaml" ] || fail "$name: not with both replay.json and policy.yaml"
    used="$used$name "
    again="$again$name "
done
for name in $listed; do
    case $used in *" $name "*) ;; *) fail "$name: not a part of such a bundle" ;; esac
done

verdict=${statement#*'"verdict":"'}
printf 'checked:\n'
printf '  certificate  entry %s of %s, signed by key %s\n' "$index" "$origin" "$key_id"
printf '               request %s, model %s, verdict %s\n' "$request_id" "$model" "${verdict%%'"'*}"
printf '  test         entry %s, the one that the certificate names, signed by another key, %s\n' "$test_index" "$test_key"
printf '  request      entry %s, its receipt, signed by key %s\n' "$request_index" "$request_key"
printf '  checkpoint   %s entries, signed by the log, key %s\n' "$size" "${log_keys% }"
while IFS= read -r witness; do
    [ -z "$witness" ] || printf '  cosigned     by %s\n' "$witness"
done <<END_OF_WITNESSES
$witnesses
END_OF_WITNESSES
while IFS= read -r stamp; do
    [ -z "$stamp" ] || printf '  stamped      %s\n' "$stamp"
done <<END_OF_STAMPS
$stamps
END_OF_STAMPS
printf 'NOT checked:\n'
if [ -z "$keys" ]; then
    printf '  keys         are the bundle'\''s own: compare the fingerprints above with ones from somebody you trust, or give their folder\n'
fi
printf '  validity     whether a key was revoked or replaced before it signed (lethe log audit)\n'
[ -n "$witnesses" ] || printf '  witnesses    nobody but the log vouches that others are shown the same history\n'
if [ -n "$stamps" ]; then
    printf '  time         the dates in the statements are the issuer'\''s own: the checkpoint over them existed when it was stamped\n'
    printf '  revocation   whether an authority'\''s certificate was revoked\n'
else
    printf '  time         the dates are the issuer'\''s own\n'
fi
[ -z "$unknown" ] || printf '  timestamps   %s: no certificate of the authority lies here\n' "${unknown% }"
[ -z "$strangers" ] || printf '  authority    of %s: there is no certificate %s/tsa*.pem\n' "${strangers% }" "$keys"
printf '  numbers      whether the verdict follows from the measurements (lethe certificate verify)\n'
if [ -n "$again" ]; then
    printf '  run          nobody repeated it here (lethe replay --bundle), or looked into %s\n' "${again% }"
else
    printf '  run          nobody repeated it here (lethe replay)\n'
fi
printf '  model        the files in use were not compared with the digest (lethe model check)\n'
printf '  chain        the certificate before this one was not followed\n'
printf 'this script has SHA-256 %s\n' "$(digest <"$0")"
printf 'holds\n'
