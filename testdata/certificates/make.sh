#!/bin/sh
# Makes the certificates beside this file, with OpenSSL 3: what node certificates look like that another program made, and what
# must be refused. Run once; the tests of `contracts` read the files. Keys are thrown away, except that of `ed25519.der`, whose
# seed signs a proof of possession in the tests.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A raw ed25519 public key in hex: the last 32 bytes of its DER.
raw() { openssl pkey -in "$1" -pubout -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n'; }
make() { # NAME KEY SUBJECT SAN [MORE EXTENSIONS...]
    name=$1 key=$2 subject=$3 san=$4
    shift 4
    openssl req -x509 -new -key "$key" -sha256 -days 730 -subj "$subject" -outform DER -out "$name.der" \
        -config /dev/null -addext "subjectAltName=$san" "$@"
}

openssl genpkey -algorithm ed25519 -out "$work/ed25519.pem"
openssl genpkey -algorithm ed25519 -out "$work/node.pem"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/p256.pem"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$work/p384.pem"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/rsa.pem"
openssl pkey -in "$work/ed25519.pem" -outform DER | tail -c 32 > ed25519.seed

ed25519="URI:counterfoil://$(raw "$work/ed25519.pem")@node.bank.example:30303"
node="URI:counterfoil://$(raw "$work/node.pem")@[2001:db8::1]:30303"
bank=/C=NL/O=Bank/CN=Node
leaf=basicConstraints=critical,CA:FALSE
usage=keyUsage=critical,digitalSignature
tls=extendedKeyUsage=serverAuth,clientAuth

make ed25519 "$work/ed25519.pem" "$bank" "$ed25519,DNS:node.bank.example" -addext "$leaf" -addext "$usage" -addext "$tls"
make p256 "$work/p256.pem" "$bank" "$node" -addext "$leaf" -addext "$usage"
make plain "$work/ed25519.pem" "/O=B\\C3\\BCcher" "$ed25519"
make authority "$work/ed25519.pem" "$bank" "$ed25519" -addext basicConstraints=critical,CA:TRUE
make signs_certificates "$work/ed25519.pem" "$bank" "$ed25519" -addext "$leaf" -addext keyUsage=digitalSignature,keyCertSign
make wildcard "$work/ed25519.pem" "$bank" "$ed25519,DNS:*.bank.example" -addext "$leaf"
make unknown_critical "$work/ed25519.pem" "$bank" "$ed25519" -addext "$leaf" -addext 1.3.6.1.4.1.32473.1=critical,ASN1:NULL
make other_node_key "$work/ed25519.pem" "$bank" "$node" -addext "$leaf"
make no_peer "$work/ed25519.pem" "$bank" DNS:node.bank.example -addext "$leaf"
make two_peers "$work/p256.pem" "$bank" "$node,$ed25519" -addext "$leaf"
make rsa "$work/rsa.pem" "$bank" "$node" -addext "$leaf"
make p384 "$work/p384.pem" "$bank" "$node" -addext "$leaf"
openssl req -new -key "$work/ed25519.pem" -subj "$bank" -config /dev/null |
    openssl x509 -req -signkey "$work/ed25519.pem" -days 730 -outform DER -out version_1.der
openssl req -x509 -new -key "$work/p256.pem" -sha512 -days 730 -subj "$bank" -outform DER -out sha512.der -config /dev/null \
    -addext "subjectAltName=$node"
openssl req -x509 -new -key "$work/ed25519.pem" -days 36500 -subj "$bank" -outform DER -out far_away.der -config /dev/null \
    -addext "subjectAltName=$ed25519" -addext "$leaf"
openssl req -new -key "$work/ed25519.pem" -subj "$bank" -config /dev/null -outform DER -out request.der
# Another's signature: an authority that issues for the node.
openssl req -x509 -new -key "$work/rsa.pem" -days 730 -subj /CN=Authority -config /dev/null -out "$work/authority.pem"
printf 'subjectAltName=%s\n' "$ed25519" > "$work/issued.cnf"
openssl req -new -key "$work/ed25519.pem" -subj "$bank" -config /dev/null |
    openssl x509 -req -CA "$work/authority.pem" -CAkey "$work/rsa.pem" -set_serial 7 -days 730 -extfile "$work/issued.cnf" \
        -outform DER -out issued.der
sha256sum -- *.der > SHA256SUMS
