// Makes a signed deletion request in the browser: the native form of Documentation/spec/request.md, a DSSE envelope over an in-toto
// statement. The private key never leaves the page except as the file that its owner saves. Runs under node too.

import { base64, canonical, asMap, concat, decodeBase64, hex, payloadType, preAuthenticationEncoding, sha256, utf8 } from "./verify.mjs";

// DER of PKCS#8 and of SubjectPublicKeyInfo for Ed25519, up to the key bytes (RFC 8410).
const privatePrefix = Uint8Array.from([0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20]);
const publicPrefix = Uint8Array.from([0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]);

function pem(label, der) {
  const lines = base64(der).match(/.{1,64}/g).join("\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

async function described(privateKey, publicRaw) {
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
  const spki = concat(publicPrefix, publicRaw);
  return {
    privateKey, id: hex(await sha256(spki)), privatePEM: pem("PRIVATE KEY", pkcs8.subarray(0, 48)), publicPEM: pem("PUBLIC KEY", spki),
  };
}

/** A new Ed25519 key. */
export async function makeKey() {
  const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
  return described(pair.privateKey, new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
}

/** Reads a key file: one PEM block PRIVATE KEY with an unencrypted Ed25519 key. */
export async function readKey(text) {
  if (text.includes("ENCRYPTED PRIVATE KEY")) throw new Error("this key is under a passphrase; a browser cannot open it");
  const block = /^\s*-----BEGIN PRIVATE KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END PRIVATE KEY-----\s*$/.exec(text);
  if (block === null) throw new Error("expected one PEM block PRIVATE KEY");
  const der = decodeBase64(block[1].replace(/[\r\n]/g, ""), "key");
  if (der.length !== 48 || !privatePrefix.every((byte, index) => der[index] === byte)) throw new Error("expected an Ed25519 key");
  const key = await crypto.subtle.importKey("pkcs8", der, { name: "Ed25519" }, true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", key);
  return described(key, decodeBase64(x.replaceAll("-", "+").replaceAll("_", "/").padEnd(44, "="), "key"));
}

/** RFC 3339 in UTC, with seconds. */
const time = (milliseconds) => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;

/**
 * The bytes of a request to send: canonical JSON of the envelope, without a newline.
 *
 * `fields`: audience, regulation, subjectType, subjectValue, agent, level, method, validSeconds. `random(n)` gives n random bytes and
 * `now` milliseconds since 1970; both are handed in so that a test can repeat a request.
 */
export async function signRequest(fields, key, now = Date.now(), random = (count) => crypto.getRandomValues(new Uint8Array(count))) {
  const id = random(16);
  id[6] = (id[6] & 0x0f) | 0x40;
  id[8] = (id[8] & 0x3f) | 0x80;
  const requestId = hex(id).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  const predicate = asMap({
    requestId, regulation: fields.regulation, type: "erasure",
    subject: { type: fields.subjectType, value: fields.subjectValue },
    audience: fields.audience, nonce: hex(random(16)),
    // A minute back: a clock that runs ahead of the controller's must not make the request one of the future.
    issuedAt: time(now - 60_000), expiresAt: time(now - 60_000 + fields.validSeconds * 1000),
    agent: fields.agent, identity: { level: fields.level, method: fields.method },
  });
  const statement = asMap({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: `request:${requestId}`, digest: { sha256: hex(await sha256(utf8(canonical(predicate)))) } }],
    predicateType: "urn:lethe:deletion-request:v1",
  });
  statement.set("predicate", predicate);
  const payload = utf8(canonical(statement));
  const message = preAuthenticationEncoding(payloadType, payload);
  const signature = new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, key.privateKey, message));
  const envelope = asMap({ payload: base64(payload), payloadType, signatures: [{ keyid: key.id, sig: base64(signature) }] });
  return { requestId, bytes: utf8(canonical(envelope)) };
}
