// Verifies certificates of Lethe with nothing but the file and the keys that the reader trusts: no network, no clock, no trust in
// whoever serves this page. The rules are those of Documentation/spec: certificate, test-result, dsse, statement, tlog-proof,
// checkpoint, cosignature and trust-file. It needs WebCrypto with Ed25519 and SHA-256, so it runs in browsers and under node alike.
//
//     verifyCertificate(bytes, trust) -> { checked: [...], notChecked: [...], certificate: {...} }
//     verifyBundle({ name: bytes }, trust)    the same from an audit bundle's files, with the receipt of the request
//     verifyReceipt(bytes, trust)             the receipt of a request
//
// `trust` is the text of a trust file, or what parseTrust made of it. Each throws a VerificationError with one line that says what does not hold.

/** Why a file does not hold: one line. */
export class VerificationError extends Error {
  constructor(message) {
    super(message);
    this.name = "VerificationError";
  }
}

function refuse(message) {
  throw new VerificationError(message);
}

function demand(condition, message) {
  if (!condition) refuse(message);
}

/** A foreign text as it may stand in a message: short, on one line, in printable ASCII. */
function quoted(text) {
  const plain = Array.from(String(text).slice(0, 80), (c) => (c >= " " && c <= "~" ? c : "?")).join("");
  return `"${plain}"${String(text).length > 80 ? "…" : ""}`;
}

// ---------------------------------------------------------------------------------------------------------------- bytes

export const utf8 = (text) => new TextEncoder().encode(text);

/** Text of bytes that must be UTF-8; a byte order mark stays, and is refused further on. */
export function decodeUTF8(bytes, what) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse(`${what}: not UTF-8`);
  }
}

export function concat(...parts) {
  const bytes = new Uint8Array(parts.reduce((count, part) => count + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

export function equal(left, right) {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export function base64(bytes) {
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(text);
}

/** The bytes that strict base64 spells: standard alphabet, padding, no stray bits. */
export function decodeBase64(text, what) {
  demand(typeof text === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0, `${what}: not base64`);
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  demand(base64(bytes) === text, `${what}: not base64 in its one spelling`);
  return bytes;
}

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

// ----------------------------------------------------------------------------------------------------------------- JSON

/** Strict JSON: as JSON.parse, but a repeated name, a lone surrogate and deep nesting are refused. */
export function parseJSON(text, maximumDepth, what) {
  let at = 0;
  const space = () => {
    while (at < text.length && " \t\n\r".includes(text[at])) at += 1;
  };
  const fail = () => refuse(`${what}: not JSON at character ${at}`);
  const expect = (character) => {
    if (text[at] !== character) fail();
    at += 1;
  };
  function string() {
    const start = at;
    expect('"');
    while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    expect('"');
    let value;
    try {
      value = JSON.parse(text.slice(start, at));
    } catch {
      fail();
    }
    // A surrogate without its other half has no UTF-8 form, so encoding would replace it.
    if (/\p{Surrogate}/u.test(value)) fail();
    return value;
  }
  function list(end, element) {
    at += 1;
    space();
    if (text[at] === end) {
      at += 1;
      return;
    }
    for (;;) {
      element();
      space();
      if (text[at] === end) {
        at += 1;
        return;
      }
      expect(",");
      space();
    }
  }
  function value(depth) {
    space();
    if ("{[".includes(text[at] ?? " ")) demand(depth < maximumDepth, `${what}: JSON nested deeper than ${maximumDepth}`);
    switch (text[at]) {
      case "{": {
        const members = new Map();
        list("}", () => {
          const name = string();
          if (members.has(name)) refuse(`${what}: the JSON name ${quoted(name)} is repeated`);
          space();
          expect(":");
          members.set(name, value(depth + 1));
        });
        return members;
      }
      case "[": {
        const elements = [];
        list("]", () => {
          space();
          elements.push(value(depth + 1));
        });
        return elements;
      }
      case '"':
        return string();
      default: {
        const [word] = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/.exec(text.slice(at, at + 400)) ?? [];
        if (word === undefined) fail();
        at += word.length;
        const scalar = JSON.parse(word);
        if (typeof scalar === "number" && !Number.isFinite(scalar)) fail();
        return scalar;
      }
    }
  }
  const result = value(0);
  space();
  if (at !== text.length) fail();
  return result;
}

/** Canonical JSON (RFC 8785). Objects are Maps here. */
export function canonical(value) {
  if (value instanceof Map) {
    const names = [...value.keys()].sort();
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value.get(name))}`).join(",")}}`;
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  return JSON.stringify(value);
}

/** A plain object or array as `canonical` takes it. */
export function asMap(value) {
  if (Array.isArray(value)) return value.map(asMap);
  if (value !== null && typeof value === "object") {
    return new Map(Object.entries(value).map(([name, member]) => [name, asMap(member)]));
  }
  return value;
}

/** One value of a document with its path, so that a refusal can name it. */
class Fields {
  constructor(value, path) {
    this.value = value;
    this.path = path;
  }
  bad(expected) {
    return refuse(`${this.path}: expected ${expected}`);
  }
  get members() {
    return this.value instanceof Map ? this.value : this.bad("an object");
  }
  optional(name) {
    const value = this.members.get(name);
    return value === undefined ? null : new Fields(value, this.path === "" ? name : `${this.path}.${name}`);
  }
  member(name) {
    return this.optional(name) ?? refuse(`${this.path === "" ? "" : `${this.path}.`}${name}: missing`);
  }
  nullable(name) {
    const member = this.member(name);
    return member.value === null ? null : member;
  }
  exactly(names, optional = []) {
    const found = [...this.members.keys()];
    for (const name of names) this.member(name);
    demand(found.every((name) => names.includes(name) || optional.includes(name)), `${this.path || "file"}: has a member too many`);
    return this;
  }
  array() {
    return Array.isArray(this.value)
      ? this.value.map((element, index) => new Fields(element, `${this.path}[${index}]`))
      : this.bad("an array");
  }
  string() {
    return typeof this.value === "string" ? this.value : this.bad("a string");
  }
  bool() {
    return typeof this.value === "boolean" ? this.value : this.bad("true or false");
  }
  matching(pattern, expected) {
    return pattern.test(this.string()) ? this.value : this.bad(expected);
  }
  is(expected) {
    return this.string() === expected ? expected : this.bad(quoted(expected));
  }
  oneOf(choices) {
    return choices.includes(this.string()) ? this.value : this.bad(choices.join(" or "));
  }
  line(limit = 1000) {
    return this.matching(new RegExp(`^[\\x20-\\x7e]{1,${limit}}$`), "one line of printable ASCII");
  }
  identifier() {
    return this.matching(/^[A-Za-z0-9._:@/+-]{1,200}$/, "letters, digits or ._:@/+-");
  }
  digest() {
    return this.matching(/^[0-9a-f]{64}$/, "64 lowercase hexadecimal digits");
  }
  number() {
    return wholeNumber(this.string()) ?? this.bad("a whole number in a string");
  }
  decimal() {
    const text = this.string();
    const isDecimal = text.length <= 40 && /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text);
    return isDecimal && !(text[0] === "-" && !/[1-9]/.test(text)) ? text : this.bad("a decimal number in a string");
  }
  time() {
    return isTime(this.string()) ? this.value : this.bad("a time like 2026-03-02T09:00:00Z");
  }
}

/** A whole number below 2^64 in its one spelling, or null. */
function wholeNumber(text) {
  if (!/^(?:0|[1-9]\d{0,19})$/.test(text)) return null;
  const number = BigInt(text);
  return number < 1n << 64n ? number : null;
}

/** Whether text is RFC 3339 in UTC with seconds and Z, and a day that exists. */
function isTime(text) {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) || text.startsWith("0000")) return false;
  const moment = new Date(text);
  return !Number.isNaN(moment.getTime()) && moment.toISOString() === text.replace("Z", ".000Z");
}

/** -1, 0 or 1 by the exact values of two decimals. */
function compareDecimals(left, right) {
  const places = (text) => (text.split(".")[1] ?? "").length;
  const count = Math.max(places(left), places(right));
  const scaled = (text) => BigInt(text.replace(".", "") + "0".repeat(count - places(text)));
  const [a, b] = [scaled(left), scaled(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

// ----------------------------------------------------------------------------------------------------------------- keys

const derPrefix = Uint8Array.from([0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]);

// Points of low order: under such a key one signature can be valid for many messages.
const lowOrder = new Set([
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
]);

/** An Ed25519 public key from its 32 bytes; its id is SHA-256 of the DER SubjectPublicKeyInfo. */
export async function publicKey(raw, what) {
  demand(raw.length === 32, `${what}: expected a key of 32 bytes, found ${raw.length}`);
  const y = Uint8Array.from(raw);
  y[31] &= 0x7f;
  demand(!lowOrder.has(hex(y)), `${what}: a point of low order; a signature under it proves nothing`);
  let handle;
  try {
    handle = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    if (error?.name === "NotSupportedError") refuse("this browser has no Ed25519 in WebCrypto; check the bundle with openssl");
    refuse(`${what}: not an Ed25519 key`);
  }
  return { raw, id: hex(await sha256(concat(derPrefix, raw))), handle };
}

const isSigned = (key, signature, message) => crypto.subtle.verify({ name: "Ed25519" }, key.handle, signature, message);

/** The one PEM block that lines are: 64 characters a line, fewer in the last. */
async function pemKey(lines, what) {
  const body = lines.slice(1, -1);
  demand(
    lines[0] === "-----BEGIN PUBLIC KEY-----" && lines.at(-1) === "-----END PUBLIC KEY-----" && body.length > 0
      && body.slice(0, -1).every((line) => line.length === 64) && body.at(-1).length >= 1 && body.at(-1).length <= 64,
    `${what}: expected one PEM block PUBLIC KEY`);
  const der = decodeBase64(body.join(""), what);
  demand(der.length === 44 && equal(der.subarray(0, 12), derPrefix), `${what}: not an Ed25519 public key`);
  return publicKey(der.subarray(12), what);
}

const noteKinds = { log: 0x01, witness: 0x04 };
const isNoteName = (name) => name !== "" && !/[\s+\x00-\x1f\x7f\x85]/u.test(name);

/** The key of a log or witness under its name; its id is the beginning of a hash of name, kind and key. */
async function noteVerifier(name, key, kind) {
  demand(isNoteName(name), `note key name ${quoted(name)}: spaces, '+' and control characters are not allowed`);
  const id = (await sha256(concat(utf8(name), Uint8Array.of(0x0a, kind), key.raw))).subarray(0, 4);
  return { name, key, kind, id: hex(id) };
}

/** Reads `name+hex8+base64(kind || key)`; the id is computed again, never believed. */
async function parseVkey(vkey, kind, what) {
  const [name, id, ...rest] = vkey.split("+");
  demand(rest.length > 0 && /^[0-9a-fA-F]{8}$/.test(id), `${what}: expected name+hex8+base64`);
  const bytes = decodeBase64(rest.join("+"), what);
  demand(bytes[0] === kind, `${what}: a key of another kind`);
  const verifier = await noteVerifier(name, await publicKey(bytes.subarray(1), what), kind);
  demand(verifier.id === id.toLowerCase(), `${what}: expected the id ${verifier.id} for this name and key`);
  return verifier;
}

const sameVerifier = (a, b) => a.name === b.name && a.kind === b.kind && a.key.id === b.key.id;

// ----------------------------------------------------------------------------------------------------------- trust file

const always = { from: 0n, until: null, isCompromised: false };

/** `from N`, then `until N` or `compromised N`; each may be left out. */
function parseValidity(words, what) {
  const rest = [...words];
  const after = (word) => {
    if (rest[0] !== word) return null;
    const [, number] = rest.splice(0, 2);
    return wholeNumber(number ?? "") ?? refuse(`${what}: expected a number after ${word}`);
  };
  const from = after("from");
  const until = after("until");
  const compromised = after("compromised");
  const end = until ?? compromised;
  demand(rest.length === 0 && from !== 0n && (until === null || compromised === null), `${what}: not a validity`);
  demand(end === null || end >= (from ?? 0n), `${what}: the validity ends before it begins`);
  return { from: from ?? 0n, until: end, isCompromised: compromised !== null };
}

/** Lines `witness NAME VKEY [URL]`, `group NAME K MEMBER…` and `quorum NAME`: who must have cosigned (C2SP tlog-policy). */
class WitnessPolicy {
  witnesses = [];
  groups = [];
  quorum = undefined;
  #defined = new Set(["none"]);
  #free = new Set();

  get isEmpty() {
    return this.witnesses.length === 0 && this.groups.length === 0 && this.quorum === undefined;
  }
  #define(name, what) {
    demand(!this.#defined.has(name), `${what}: the name ${quoted(name)} is taken`);
    this.#defined.add(name);
    this.#free.add(name);
    return name;
  }
  async add(words, what) {
    const [word, name, ...rest] = words;
    demand(Math.max(this.witnesses.length, this.groups.length) < 256, `${what}: too many lines of one kind`);
    if (word === "witness" && words.length >= 3 && words.length <= 4) {
      this.#define(name, what);
      const verifier = await parseVkey(rest[0], noteKinds.witness, what);
      demand(!this.witnesses.some((other) => other.verifier.key.id === verifier.key.id), `${what}: this key stands on an earlier line`);
      this.witnesses.push({ name, verifier });
    } else if (word === "group" && words.length >= 4) {
      const [count, ...members] = rest;
      for (const member of members) {
        demand(this.#defined.has(member) && member !== "none", `${what}: no line above defines ${quoted(member)}`);
        demand(this.#free.delete(member), `${what}: ${quoted(member)} is a member already`);
      }
      const threshold = count === "all" ? members.length : count === "any" ? 1 : Number(/^[1-9]\d{0,3}$/.test(count) ? count : 0);
      demand(threshold >= 1 && threshold <= members.length, `${what}: expected all, any or a number of members`);
      this.groups.push({ name: this.#define(name, what), threshold, members });
    } else if (word === "quorum" && words.length === 2) {
      demand(this.quorum === undefined, `${what}: a second quorum`);
      demand(this.#defined.has(name), `${what}: no line above defines ${quoted(name)}`);
      this.quorum = name === "none" ? null : name;
    } else {
      refuse(`${what}: not a line of a witness policy`);
    }
  }
  isMetBy(cosigners) {
    if (this.quorum === null) return true;
    const agreed = new Set();
    for (const { name, verifier } of this.witnesses) {
      if (cosigners.some((cosigner) => sameVerifier(cosigner, verifier))) agreed.add(name);
    }
    // A group's members stand above it, so one pass from the top settles all.
    for (const { name, threshold, members } of this.groups) {
      if (members.filter((member) => agreed.has(member)).length >= threshold) agreed.add(name);
    }
    return agreed.has(this.quorum);
  }
  get demand() {
    const group = this.groups.find(({ name }) => name === this.quorum);
    return group === undefined ? `the witness ${this.quorum}` : `${group.threshold} of ${group.members.join(", ")}`;
  }
}

/** Reads a trust file, or one bare public key in PEM, which is then trusted for every role. What was read before is given back. */
export async function parseTrust(text) {
  if (typeof text !== "string") return text;
  const lines = text.split(/\r?\n/).map((line, index) => ({ line, what: `trust file: line ${index + 1}` }))
    .filter(({ line }) => line !== "" && !line.startsWith("#"));
  if (lines[0]?.line.startsWith("-----BEGIN ")) {
    const key = await pemKey(lines.map(({ line }) => line), "trust file");
    return {
      origin: null, controllers: [key], verifiers: [key], logs: [key], witnesses: [], policy: null, hasRoles: false,
      validity: () => always,
    };
  }
  const trust = { origin: null, controllers: [], verifiers: [], logs: [], witnesses: [], policy: null, hasRoles: true };
  const validities = new Map();
  const named = [];
  const policy = new WitnessPolicy();
  async function keyAfter(what) {
    const block = [];
    while (lines.length > 0 && (block.length > 0 || lines[0].line.startsWith("-----BEGIN "))) {
      block.push(lines.shift().line);
      if (block.at(-1).startsWith("-----END ")) break;
    }
    demand(block.length > 0, `${what}: expected a PEM block PUBLIC KEY after it`);
    return pemKey(block, what);
  }
  function note(key, words, what) {
    const read = parseValidity(words, what);
    const known = validities.get(key.id);
    demand(known === undefined || (known.from === read.from && known.until === read.until && known.isCompromised === read.isCompromised),
      `${what}: the same key counts for other entries above`);
    validities.set(key.id, read);
  }
  while (lines.length > 0) {
    const { line, what } = lines.shift();
    const [word, ...words] = line.split(" ");
    const isKeyAfter = words.length === 0 || ["from", "until", "compromised"].includes(words[0]);
    const policyWords = line.split(/[ \t]+/).filter((part) => part !== "");
    const list = { controller: trust.controllers, verifier: trust.verifiers, log: trust.logs }[word];
    if (["group", "quorum"].includes(word) || (word === "witness" && policyWords.length > 2)) {
      await policy.add(policyWords, what);
    } else if (word === "origin" && words.length > 0) {
      demand(trust.origin === null, `${what}: a second origin`);
      trust.origin = words.join(" ");
    } else if (list !== undefined && isKeyAfter) {
      const key = await keyAfter(what);
      list.push(key);
      note(key, words, what);
    } else if (word === "log") {
      const verifier = await parseVkey(words[0], noteKinds.log, what);
      named.push({ verifier, what });
      trust.logs.push(verifier.key);
      note(verifier.key, words.slice(1), what);
    } else if (word === "witness" && words.length > 0) {
      trust.witnesses.push(await parseVkey(words.join(" "), noteKinds.witness, what));
    } else {
      refuse(`${what}: expected origin, controller, verifier, log, witness, group or quorum, found ${quoted(line)}`);
    }
  }
  demand(trust.origin !== null, 'trust file: no line "origin NAME" and no bare public key');
  demand(isNoteName(trust.origin), "trust file: the origin is not a name that a log can have");
  for (const { verifier, what } of named) {
    demand(verifier.name === trust.origin, `${what}: expected a log key named ${quoted(trust.origin)}`);
  }
  for (const role of ["controllers", "verifiers", "logs"]) {
    demand(trust[role].length > 0, `trust file: no key for the role ${role.slice(0, -1)}`);
  }
  if (!policy.isEmpty) {
    demand(policy.quorum !== undefined, 'trust file: no line "quorum NAME"; "quorum none" asks for no cosignature');
    trust.policy = policy;
    for (const { verifier } of policy.witnesses) {
      if (!trust.witnesses.some((other) => sameVerifier(other, verifier))) trust.witnesses.push(verifier);
    }
  }
  trust.validity = (key) => validities.get(key.id) ?? always;
  return trust;
}

// ----------------------------------------------------------------------------------------------------------------- DSSE

export const payloadType = "application/vnd.in-toto+json";

/** What a DSSE signature is over: "DSSEv1" SP len(type) SP type SP len(payload) SP payload. */
export function preAuthenticationEncoding(type, payload) {
  return concat(utf8(`DSSEv1 ${utf8(type).length} ${type} ${payload.length} `), payload);
}

/** Reads an envelope that stands inside a document; its bytes are its canonical form. */
async function parseEnvelope(fields) {
  fields.exactly(["payload", "payloadType", "signatures"]);
  const bytes = utf8(canonical(fields.value));
  demand(bytes.length <= 16384, `${fields.path}: larger than 16 KiB`);
  const signatures = fields.member("signatures").array().map((signature) => {
    signature.exactly(["keyid", "sig"]);
    signature.member("keyid").string();
    const value = decodeBase64(signature.member("sig").string(), `${signature.path}.sig`);
    demand(value.length === 64, `${signature.path}.sig: expected 64 bytes`);
    return value;
  });
  demand(signatures.length >= 1 && signatures.length <= 16, `${fields.path}: expected 1 to 16 signatures`);
  return {
    bytes, digest: hex(await sha256(bytes)), type: fields.member("payloadType").string(),
    payload: decodeBase64(fields.member("payload").string(), `${fields.path}.payload`), signatures,
  };
}

/** The first of `keys` that signed the envelope; the key's hint in the envelope decides nothing. */
async function signer(envelope, keys, what) {
  demand(envelope.type === payloadType, `${what}: another payload type`);
  const message = preAuthenticationEncoding(envelope.type, envelope.payload);
  for (const key of keys) {
    for (const signature of envelope.signatures) {
      if (await isSigned(key, signature, message)) return key;
    }
  }
  return refuse(`${what}: no signature by a key that the trust file names`);
}

/** The in-toto statement in a payload that was verified before. */
function parseStatement(payload, predicateType, what) {
  const statement = new Fields(parseJSON(decodeUTF8(payload, what), 32, what), what);
  statement.member("_type").is("https://in-toto.io/Statement/v1");
  const subjects = statement.member("subject").array();
  for (const subject of subjects) {
    subject.optional("name")?.string();
    const digests = subject.member("digest");
    demand(digests.members.size > 0, `${digests.path}: expected at least one digest`);
    for (const name of digests.members.keys()) demand(digests.member(name).string() !== "", `${digests.path}: an empty digest`);
  }
  demand(subjects.length > 0, `${what}: no subject`);
  statement.member("predicateType").is(predicateType);
  const predicate = statement.member("predicate");
  predicate.members;
  return { subjects, predicate };
}

/** The one subject of our statements: a model by name and SHA-256. */
function certifiedSubject({ subjects }) {
  demand(subjects.length === 1, "subject: expected exactly one");
  return { name: subjects[0].member("name").identifier(), digest: subjects[0].member("digest").member("sha256").digest() };
}

// ------------------------------------------------------------------------------------------------ notes, trees and proofs

/** Reads a signed note: text, an empty line, lines `— name base64(id || signature)`. */
function parseNote(text, what) {
  demand(!/[\x00-\x09\x0b-\x1f]/.test(text), `${what}: a control character`);
  demand(text.endsWith("\n"), `${what}: the last byte is not a newline`);
  // The signatures follow the last empty line; the text may have empty lines of its own.
  const end = text.lastIndexOf("\n\n");
  demand(end >= 0, `${what}: no empty line before the signatures`);
  const lines = text.slice(end + 2).split("\n").slice(0, -1);
  demand(lines.length >= 1 && lines.length <= 100, `${what}: expected 1 to 100 signatures, found ${lines.length}`);
  const signatures = lines.map((line) => {
    const parts = /^\u2014 ([^ ]+) ([^ ]+)$/u.exec(line);
    demand(parts !== null && isNoteName(parts[1]), `${what}: expected an em dash, a key name and base64`);
    const bytes = decodeBase64(parts[2], what);
    demand(bytes.length >= 5, `${what}: a signature that is too short`);
    return { name: parts[1], id: hex(bytes.subarray(0, 4)), bytes: bytes.subarray(4) };
  });
  return { text: text.slice(0, end + 1), signatures };
}

const isNamedBy = (verifier, signature) => verifier.name === signature.name && verifier.id === signature.id;

/** Whether a line of a note verifies: a log signs the text, a witness the time and the text. */
async function isNoteSigned(text, verifier, signature) {
  if (verifier.kind === noteKinds.log) return isSigned(verifier.key, signature.bytes, utf8(text));
  if (signature.bytes.length !== 72) return false;
  const seconds = new DataView(signature.bytes.buffer, signature.bytes.byteOffset).getBigUint64(0);
  if (seconds >= 1n << 63n) return false;
  return isSigned(verifier.key, signature.bytes.subarray(8), utf8(`cosignature/v1\ntime ${seconds}\n${text}`));
}

/** Reads a checkpoint: origin, size, root, and perhaps further lines that the signature covers. */
export function parseCheckpoint(text) {
  const lines = text.split("\n");
  demand(lines.pop() === "" && lines.length >= 3 && lines.every((line) => line !== ""), "checkpoint: expected origin, size and root");
  const size = wholeNumber(lines[1]) ?? refuse("checkpoint: expected a decimal tree size");
  const root = decodeBase64(lines[2], "checkpoint: root");
  demand(root.length === 32, "checkpoint: expected a root of 32 bytes");
  return { origin: lines[0], size, root };
}

/** RFC 6962: the hash of an entry. */
export const leafHash = (entry) => sha256(concat(Uint8Array.of(0), entry));
const nodeHash = (left, right) => sha256(concat(Uint8Array.of(1), left, right));

/** RFC 9162, 2.1.3.2: whether the path leads from a leaf to the root. */
export async function verifyInclusion(leaf, index, size, path, root) {
  demand(index < size, `inclusion: expected an index below the tree's size ${size}, found ${index}`);
  let fn = index;
  let sn = size - 1n;
  let hash = leaf;
  for (const node of path) {
    demand(sn !== 0n, "inclusion: the path is too long");
    if (fn & 1n || fn === sn) {
      hash = await nodeHash(node, hash);
      while (!(fn & 1n) && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      hash = await nodeHash(hash, node);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  demand(sn === 0n, "inclusion: the path is too short");
  demand(equal(hash, root), "inclusion: the path does not lead to the checkpoint's root");
}

/** Reads a `.tlog-proof`: header, index, the path with the leaf's sibling first, an empty line, a signed note. */
function parseProof(text) {
  const blank = text.indexOf("\n\n");
  demand(blank >= 0, "proof: no checkpoint after an empty line");
  const [header, indexLine, ...hashes] = text.slice(0, blank).split("\n");
  demand(header === "c2sp.org/tlog-proof@v1", "proof: another first line");
  demand(!indexLine?.startsWith("extra "), 'proof: a line "extra", whose bytes nothing authenticates');
  const index = (indexLine?.startsWith("index ") ? wholeNumber(indexLine.slice(6)) : null) ?? refuse('proof: expected a line "index N"');
  demand(hashes.length <= 63, "proof: more hashes than any path has");
  const path = hashes.map((line) => {
    const hash = decodeBase64(line, "proof: a hash");
    demand(hash.length === 32, "proof: expected hashes of 32 bytes");
    return hash;
  });
  return { index, path, note: parseNote(text.slice(blank + 2), "checkpoint") };
}

const coversEntry = (validity, index) => index >= validity.from && (validity.until === null || index < validity.until);
const coversCheckpoint = (validity, size) => size >= validity.from && (validity.until === null || size <= validity.until);

/** That an entry is in the log which `trust` names, under a checkpoint that counts. */
async function verifyLogged(proof, entry, trust) {
  const { note } = proof;
  const head = parseCheckpoint(note.text);
  const origin = trust.origin ?? head.origin;
  const logs = [];
  for (const key of trust.logs) {
    const log = await noteVerifier(origin, key, noteKinds.log);
    if (!logs.some((other) => sameVerifier(other, log))) logs.push(log);
  }
  const known = [...logs, ...trust.witnesses];
  const verified = [];
  for (const [number, signature] of note.signatures.entries()) {
    const isRepeated = note.signatures.slice(0, number).some((other) => other.name === signature.name && other.id === signature.id);
    const verifier = known.find((candidate) => isNamedBy(candidate, signature));
    // Notes let a reader ignore lines of unknown keys, but then their bytes could change without notice. Not in these files.
    demand(verifier !== undefined && !isRepeated, `checkpoint: a signature line by ${quoted(signature.name)}, whom the trust file does not name`);
    demand(await isNoteSigned(note.text, verifier, signature), `checkpoint: the signature by ${quoted(verifier.name)} does not verify`);
    if (!verified.some((other) => sameVerifier(other, verifier))) verified.push(verifier);
  }
  const signing = verified.filter((verifier) => logs.some((log) => sameVerifier(log, verifier)));
  const log = signing.find((candidate) => coversCheckpoint(trust.validity(candidate.key), head.size)) ?? signing[0];
  demand(log !== undefined, "checkpoint: not signed by the log");
  demand(head.origin === log.name, `checkpoint: expected the origin ${quoted(log.name)}, found ${quoted(head.origin)}`);
  await verifyInclusion(await leafHash(entry.bytes), proof.index, head.size, proof.path, head.root);
  const cosigners = verified.filter((verifier) => !sameVerifier(verifier, log) && verifier.kind === noteKinds.witness);
  const inclusion = { index: proof.index, size: head.size, root: base64(head.root), origin: head.origin, log, cosigners };
  demand(coversCheckpoint(trust.validity(log.key), head.size), `log: key ${log.key.id} does not count for a checkpoint of ${head.size} entries`);
  requireWitness("log", log.key, trust, inclusion);
  if (trust.policy !== null) {
    demand(trust.policy.isMetBy(cosigners), `checkpoint: the trust file demands the cosignatures of ${trust.policy.demand}`);
  }
  return inclusion;
}

/** What a compromised key signed counts only under a checkpoint that a witness cosigned before the compromise. */
function requireWitness(role, key, trust, { size, cosigners }) {
  const { until, isCompromised } = trust.validity(key);
  demand(!isCompromised || (size <= until && cosigners.length > 0), `${role}: key ${key.id} was in other hands, and no witness vouches for an earlier time`);
}

function requireValidity(role, key, trust, inclusion) {
  demand(coversEntry(trust.validity(key), inclusion.index), `${role}: key ${key.id} does not count for entry ${inclusion.index}`);
  requireWitness(role, key, trust, inclusion);
}

// ------------------------------------------------------------------------------------------------- the forgetting test

const results = {
  "PASS-EXACT": "PASSED", "PASS-STATISTICAL": "PASSED", INCONCLUSIVE: "INCONCLUSIVE", FAIL: "FAILED", REFUSE: "FAILED",
};
const testResultType = "https://in-toto.io/attestation/test-result/v0.1";

function parseMeasurement(fields) {
  const ends = fields.nullable("interval");
  const interval = ends && { lower: ends.member("lower").decimal(), upper: ends.member("upper").decimal() };
  demand(!interval || compareDecimals(interval.lower, interval.upper) <= 0, `${fields.path}.interval: its ends are reversed`);
  const measurement = {
    name: fields.member("name").line(), metric: fields.member("metric").line(), value: fields.nullable("value")?.decimal() ?? null,
    interval, comparator: fields.member("comparator").oneOf(["<", ">", "within", "="]),
    threshold: fields.member("threshold").decimal(), baseline: fields.nullable("baseline")?.decimal() ?? null,
    sampleSize: fields.member("sampleSize").number().toString(),
  };
  // Whether it passed follows from the signed numbers; a document that says otherwise is refused.
  const passed = holds(measurement);
  demand(fields.member("passed").bool() === passed, `${fields.path}.passed: expected ${passed} by value, interval and threshold`);
  return { ...measurement, passed };
}

function holds({ value, interval, comparator, threshold }) {
  if (comparator === "=") return value !== null && compareDecimals(value, threshold) === 0;
  if (interval === null) return false;
  if (comparator === "<") return compareDecimals(interval.upper, threshold) < 0;
  if (comparator === ">") return compareDecimals(threshold, interval.lower) < 0;
  const negated = threshold.startsWith("-") ? threshold.slice(1) : `-${threshold}`;
  return compareDecimals(negated, interval.lower) < 0 && compareDecimals(interval.upper, threshold) < 0;
}

function parseSeedSource(fields) {
  return fields && { size: fields.member("size").number().toString(), rootHash: fields.member("rootHash").digest() };
}

function parseTest(fields) {
  const test = {
    verdict: fields.member("verdict").oneOf(Object.keys(results)),
    tests: fields.member("tests").array().map(parseMeasurement),
    references: fields.member("references").array().map((item) => (
      { model: item.member("model").member("sha256").digest(), seed: item.member("seed").number().toString() })),
    seedCheckpoint: parseSeedSource(fields.nullable("seedCheckpoint")),
    notAssessed: fields.member("notAssessed").array().map((item) => item.line()),
  };
  const names = test.tests.map(({ name }) => name);
  demand(new Set(names).size === names.length, `${fields.path}.tests: a name occurs twice`);
  demand(test.verdict !== "PASS-STATISTICAL" || (names.length > 0 && test.tests.every(({ passed }) => passed)),
    `${fields.path}.tests: expected every test passed for PASS-STATISTICAL`);
  return test;
}

function parseTestResult(payload) {
  const statement = parseStatement(payload, testResultType, "test result");
  const { predicate } = statement;
  const details = predicate.member("urn:lethe:forgetting-test:v1");
  const test = parseTest(details);
  const policy = details.member("policy").member("sha256").digest();
  const isOpen = results[test.verdict] === "INCONCLUSIVE";
  const names = (condition) => test.tests.filter(condition).map(({ name }) => name);
  const summary = {
    result: isOpen ? "WARNED" : results[test.verdict],
    configuration: [{ name: "policy", digest: { sha256: policy } }],
    passedTests: names(({ passed }) => passed),
    warnedTests: names(({ passed }) => !passed && isOpen),
    failedTests: names(({ passed }) => !passed && !isOpen),
  };
  for (const [name, expected] of Object.entries(summary)) {
    demand(canonical(predicate.member(name).value) === canonical(asMap(expected)), `test result: ${name} is not what the measurements say`);
  }
  return { subject: certifiedSubject(statement), runId: details.member("runId").identifier(), policy, test };
}

// ------------------------------------------------------------------------------------------------------- the certificate

const isFileName = (name) => name.split("/").every((part) => part !== "" && part !== "." && part !== ".." && !/[\x00-\x1f\x7f]/.test(part));

/** The digest of a model follows from its files: SHA-256 over their digests in the order of their names. */
async function verifyResources(fields, digest) {
  const files = fields.array().map((item) => {
    item.member("algorithm").is("sha256");
    return { name: item.member("name").string(), digest: item.member("digest").digest() };
  });
  demand(files.length > 0 && files.every(({ name }) => isFileName(name)), `${fields.path}: expected files with names inside of a folder`);
  const inOrder = files.every(({ name }, index) => index === 0 || compareBytes(utf8(files[index - 1].name), utf8(name)) < 0);
  demand(inOrder, `${fields.path}: expected files in the order of their names, each once`);
  const bytes = concat(...files.map((file) => Uint8Array.from(file.digest.match(/../g), (pair) => parseInt(pair, 16))));
  demand(hex(await sha256(bytes)) === digest, "subject: its digest is not that of the resources");
  return files;
}

function compareBytes(left, right) {
  const at = left.findIndex((byte, index) => byte !== right[index]);
  if (at < 0) return left.length - right.length;
  return at < right.length ? left[at] - right[at] : 1;
}

async function parseCertificate(payload) {
  const statement = parseStatement(payload, "urn:lethe:unlearning-certificate:v1", "certificate");
  const { predicate } = statement;
  const subject = certifiedSubject(statement);
  const previous = predicate.nullable("previousCertificate");
  const request = predicate.member("request");
  const dataset = predicate.member("dataset");
  const unlearning = predicate.member("unlearning");
  const environment = unlearning.member("environment");
  for (const name of environment.members.keys()) {
    new Fields(name, `${environment.path} (a name)`).identifier();
    environment.member(name).line(200);
  }
  const verification = predicate.member("verification");
  const certificate = {
    id: predicate.member("certificateId").identifier(),
    tenant: predicate.member("tenant").identifier(),
    issuedAt: predicate.member("issuedAt").time(),
    supersedes: predicate.optional("supersedes")?.identifier() ?? null,
    previous: previous && { sha256: previous.member("sha256").digest(), index: previous.member("index").number() },
    model: { ...subject, files: await verifyResources(predicate.member("resources"), subject.digest) },
    request: {
      id: request.member("requestId").identifier(), subjectCommitment: request.member("subjectCommitment").digest(),
      index: request.member("receivedEntry").member("index").number(), leafHash: request.member("receivedEntry").member("leafHash").digest(),
    },
    dataset: {
      before: dataset.member("before").member("sha256").digest(), after: dataset.member("after").member("sha256").digest(),
      recordsRemoved: dataset.member("recordsRemoved").number(), recordsCommitment: dataset.member("recordsCommitment").digest(),
    },
    run: {
      id: unlearning.member("runId").identifier(), method: unlearning.member("method").identifier(),
      code: unlearning.member("code").member("sha256").digest(), parameters: unlearning.member("parameters").member("sha256").digest(),
      seed: unlearning.member("seed").number().toString(), seedCheckpoint: parseSeedSource(unlearning.nullable("seedCheckpoint")),
      modelBefore: unlearning.member("modelBefore").member("sha256").digest(),
      modelBeforeName: unlearning.member("modelBefore").member("name").identifier(),
      startedAt: unlearning.member("startedAt").time(), finishedAt: unlearning.member("finishedAt").time(),
      precision: unlearning.member("precision").identifier(),
    },
    policy: predicate.member("policy").member("sha256").digest(),
    test: parseTest(verification),
    claim: predicate.member("claim").line(),
  };
  const attestations = verification.member("attestations").array().map((item) => (
    { type: item.member("predicateType").line(), sha256: item.member("sha256").digest() }));
  const tests = attestations.filter(({ type }) => type === testResultType);
  demand(tests.length === 1, "predicate.verification.attestations: expected exactly one test result");
  certificate.testResult = tests[0].sha256;
  for (const item of predicate.member("notifications").array()) {
    item.member("recipient").identifier();
    item.member("at").time();
    item.member("outcome").oneOf(["sent", "acknowledged", "failed", "impossible", "disproportionate-effort"]);
  }
  for (const item of predicate.member("retained").array()) {
    item.member("category").identifier();
    item.member("ground").identifier();
    item.nullable("until")?.time();
  }
  for (const item of predicate.member("backups").array()) {
    item.member("system").identifier();
    item.member("purgeBy").time();
  }
  certificate.result = verification.member("result").is(results[certificate.test.verdict]);
  demand(certificate.run.modelBefore !== subject.digest, "predicate.unlearning.modelBefore: expected another model than the subject");
  demand(certificate.dataset.recordsRemoved === 0n || certificate.dataset.before !== certificate.dataset.after,
    "predicate.dataset.after: expected another digest than before");
  demand(certificate.run.startedAt <= certificate.run.finishedAt && certificate.run.finishedAt <= certificate.issuedAt,
    "predicate.issuedAt: the times are out of order");
  return certificate;
}

/** Reads a file that is canonical JSON and one newline; every other spelling is refused. */
function parseFile(bytes, { limit, mediaType, members, optional }) {
  demand(bytes.length <= limit, `file: expected at most ${limit} bytes, found ${bytes.length}`);
  const value = parseJSON(decodeUTF8(bytes, "file"), 4, "file");
  demand(equal(utf8(`${canonical(value)}\n`), bytes), "file: expected the one canonical spelling of its members and a newline");
  const fields = new Fields(value, "");
  fields.member("mediaType").is(mediaType);
  return fields.exactly(["mediaType", ...members], optional);
}

/**
 * Verifies a certificate file against a trust file.
 *
 * In this order: form, controller's signature, statement, test result (digest, signature, statement, agreement), checkpoint
 * signatures and origin, inclusion of exactly the certificate's bytes, its tenant, that each key counted there, and order.
 */
export async function verifyCertificate(bytes, trusted) {
  const trust = await parseTrust(trusted);
  const file = parseFile(bytes, {
    limit: 256 * 1024, mediaType: "application/vnd.lethe.certificate.v1+json", members: ["certificate", "testResult", "proof"],
  });
  const certificateEnvelope = await parseEnvelope(file.member("certificate"));
  const testEnvelope = await parseEnvelope(file.member("testResult"));
  const proof = parseProof(file.member("proof").string());

  const controller = await signer(certificateEnvelope, trust.controllers, "certificate");
  const certificate = await parseCertificate(certificateEnvelope.payload);

  demand(testEnvelope.digest === certificate.testResult, "test result: not the one that the certificate names");
  const verifier = await signer(testEnvelope, trust.verifiers, "test result");
  demand(!trust.hasRoles || verifier.id !== controller.id, "test result: signed by the certificate's own key");
  const result = parseTestResult(testEnvelope.payload);
  for (const [field, left, right] of [
    ["subject name", certificate.model.name, result.subject.name], ["subject digest", certificate.model.digest, result.subject.digest],
    ["run", certificate.run.id, result.runId], ["policy", certificate.policy, result.policy],
    ["measurements", canonical(asMap(certificate.test)), canonical(asMap(result.test))],
  ]) {
    demand(left === right, `test result: its ${field} is another than the certificate's`);
  }

  const inclusion = await verifyLogged(proof, certificateEnvelope, trust);
  demand([inclusion.origin, inclusion.origin.slice(inclusion.origin.indexOf("/") + 1)].includes(certificate.tenant),
    `certificate: tenant: expected ${quoted(inclusion.origin)}, whose log it is in, found ${quoted(certificate.tenant)}`);
  requireValidity("controller", controller, trust, inclusion);
  requireValidity("verifier", verifier, trust, inclusion);
  for (const [field, index] of [["request.receivedEntry", certificate.request.index], ["previousCertificate", certificate.previous?.index]]) {
    demand(index === undefined || index < inclusion.index, `predicate.${field}: expected an entry before the certificate's`);
  }
  // A checkpoint of size n covers the entries below n, so its seeds were fixed before entry n.
  for (const [field, source] of [["unlearning", certificate.run.seedCheckpoint], ["verification", certificate.test.seedCheckpoint]]) {
    demand(!source || BigInt(source.size) <= inclusion.index, `predicate.${field}.seedCheckpoint: expected one before the certificate's entry`);
  }
  return { ...words(certificate, { controller, verifier, inclusion, trust }), certificate, inclusion };
}

/** What was checked, and what was not: to be shown with every result. */
function words(certificate, { controller, verifier, inclusion, trust }) {
  const checked = [
    `certificate ${certificate.id} signed by the controller, key ${controller.id}`,
    `test result signed by the verifier, key ${verifier.id}, with the same measurements`,
    `entry ${inclusion.index} of the log ${inclusion.origin}, under the signed checkpoint of size ${inclusion.size}`,
    `model digest follows from its ${certificate.model.files.length} files`,
    ...inclusion.cosigners.map(({ name }) => `checkpoint cosigned by ${name}`),
  ];
  const hasQuorum = trust.policy !== null && trust.policy.quorum !== null;
  if (hasQuorum) checked.push(`witness quorum of the trust file: ${trust.policy.demand}`);
  const notChecked = [];
  if (inclusion.cosigners.length === 0) {
    notChecked.push("witnesses: no known witness cosigned the checkpoint, so the log could show others another history");
  } else if (!hasQuorum) {
    notChecked.push("witnesses: the trust file demands no quorum of them (its lines group and quorum do)");
  }
  notChecked.push(
    "time: the dates are the issuer's own; no timestamp authority vouches for them",
    "run: nobody repeated it here (lethe replay RUN does)",
    "model: the files in use were not compared (lethe model check DIR does)",
    "request: its own log entry was not looked at (lethe log audit does)");
  if (certificate.previous) notChecked.push(`chain: the certificate before, at log index ${certificate.previous.index}, was not given`);
  notChecked.push("keys: one revoked since the trust file was made is not known to be (a newer trust file; lethe log audit)");
  if (!trust.hasRoles) notChecked.push("roles: one key is trusted for all, so nobody independent vouches for the test");
  return { checked, notChecked };
}

/** The log entry that received a request, as a statement; only what is needed here. */
function parseReceived(payload) {
  const { subjects, predicate } = parseStatement(payload, "urn:lethe:request-event:v1", "request");
  demand(predicate.member("event").string() === "received", "request: expected the reception of a request");
  return {
    id: predicate.member("requestId").identifier(), at: predicate.member("at").time(),
    requestCommitment: subjects[0].member("digest").member("hmacSha256").digest(),
    subjectCommitment: predicate.member("subject").member("value").digest(),
  };
}

/** What the log says of a request's bytes or of a person: HMAC-SHA-256(key, context || 0x00 || message). */
async function commitment(key, context, message) {
  const handle = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return hex(new Uint8Array(await crypto.subtle.sign("HMAC", handle, concat(utf8(context), Uint8Array.of(0), message))));
}

/** That the opening in a receipt is of the entry's commitments. */
async function verifyOpening(fields, received) {
  fields.exactly(["key", "request", "subject"]);
  const key = Uint8Array.from(fields.member("key").digest().match(/../g), (pair) => parseInt(pair, 16));
  const request = decodeBase64(fields.member("request").string(), "opening.request");
  const subject = fields.member("subject").exactly(["type", "value"]);
  const text = `${subject.member("type").string()}:${subject.member("value").string()}`;
  const spelling = text.normalize("NFC").toLowerCase().normalize("NFC");
  demand(await commitment(key, "unlearn-ledger/request/v1", request) === received.requestCommitment,
    "opening: the request is not what the entry's commitment was made of");
  demand(await commitment(key, "unlearn-ledger/subject/v1", utf8(spelling)) === received.subjectCommitment,
    "opening: the subject is not what the entry's commitment was made of");
}

/** Verifies the receipt of a request: the controller's signature, the place in the log, and what opens its commitments. */
export async function verifyReceipt(bytes, trusted) {
  const trust = await parseTrust(trusted);
  const file = parseFile(bytes, {
    limit: 128 * 1024, mediaType: "application/vnd.lethe.request-receipt.v1+json", members: ["entry", "proof"], optional: ["opening"],
  });
  const envelope = await parseEnvelope(file.member("entry"));
  const controller = await signer(envelope, trust.controllers, "receipt");
  const received = parseReceived(envelope.payload);
  const inclusion = await verifyLogged(parseProof(file.member("proof").string()), envelope, trust);
  requireValidity("controller", controller, trust, inclusion);
  const opening = file.optional("opening");
  if (opening !== null) await verifyOpening(opening, received);
  const checked = [
    `request ${received.id} received at ${received.at}, signed by the controller, key ${controller.id}`,
    `entry ${inclusion.index} of the log ${inclusion.origin}, under the signed checkpoint of size ${inclusion.size}`,
    ...inclusion.cosigners.map(({ name }) => `checkpoint cosigned by ${name}`),
  ];
  const notChecked = ["time: the dates are the controller's own"];
  if (opening === null) notChecked.push("content: the receipt has no opening, because the key of its commitments was destroyed");
  else checked.push("the entry's commitments are those of your request and of the identity in it");
  return { checked, notChecked, received, inclusion };
}

/** Verifies the files of an audit bundle by name: the certificate, its test, and the receipt of the request that it names. */
export async function verifyBundle(files, trusted) {
  const trust = await parseTrust(trusted);
  const text = (name) => decodeUTF8(files[name] ?? refuse(`bundle: ${name} is missing`), name);
  const envelope = (name) => parseJSON(text(name), 4, name);
  const document = new Map([
    ["mediaType", "application/vnd.lethe.certificate.v1+json"], ["certificate", envelope("certificate.dsse.json")],
    ["testResult", envelope("test.dsse.json")], ["proof", text("certificate.tlog-proof")],
  ]);
  for (const name of ["certificate.dsse.json", "test.dsse.json", "request.dsse.json"]) {
    demand(equal(files[name] ?? [], utf8(canonical(envelope(name)))), `bundle: ${name} is not in its one canonical spelling`);
  }
  const verdict = await verifyCertificate(utf8(`${canonical(document)}\n`), trust);
  const request = await parseEnvelope(new Fields(envelope("request.dsse.json"), "request"));
  await signer(request, trust.controllers, "request");
  const received = parseReceived(request.payload);
  const proof = parseProof(text("request.tlog-proof"));
  await verifyLogged(proof, request, trust);
  const named = verdict.certificate.request;
  demand(proof.index === named.index && hex(await leafHash(request.bytes)) === named.leafHash, "request: not the entry that the certificate names");
  demand(received.id === named.id, "request: another request than the certificate's");
  const test = await parseEnvelope(new Fields(envelope("test.dsse.json"), "test"));
  const testProof = parseProof(text("test.tlog-proof"));
  await verifyLogged(testProof, test, trust);
  demand(testProof.index < verdict.inclusion.index, "test: expected an entry before the certificate's");
  verdict.checked.push(`request ${received.id}: its receipt is entry ${proof.index}, the one that the certificate names`,
    `test result: entry ${testProof.index}, before the certificate's`);
  verdict.notChecked = verdict.notChecked.filter((line) => !line.startsWith("request:"));
  return verdict;
}
