// The browser's verifier under node: `node --test Tests/LethePagesTests/Browser`. PagesScriptTests.swift runs it where node is.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import {
  VerificationError, asMap, base64, canonical, leafHash, parseCheckpoint, parseJSON, parseTrust, preAuthenticationEncoding, publicKey,
  sha256, utf8, verifyBundle, verifyCertificate, verifyInclusion, verifyReceipt, concat, decodeUTF8,
} from "../../../Sources/LethePages/Assets/verify.mjs";

const root = new URL("../../../", import.meta.url);
const bytes = (path) => new Uint8Array(readFileSync(new URL(path, root)));
const text = (path) => readFileSync(new URL(path, root), "utf8");
const vectors = (name) => JSON.parse(text(`Documentation/spec/vectors/${name}.json`));
const unhex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const golden = "Tests/Golden/v1";
const trust = text(`${golden}/trust.txt`);
const keys = await parseTrust(trust);
const sample = bytes(`${golden}/certificates/0001.lethe-certificate.json`);

/** That `attempt` is refused with one printable line, and by nothing but the verifier itself. */
async function refused(attempt, what) {
  let error = null;
  try {
    await attempt();
  } catch (found) {
    error = found;
  }
  assert.ok(error instanceof VerificationError, `${what}: ${error === null ? "accepted" : error.stack}`);
  assert.match(error.message, /^[\x20-\x7e\u2026]{3,400}$/, what);
}

/** The document of a certificate file with one of its members replaced. */
const changed = (change) => {
  const document = JSON.parse(decodeUTF8(sample, "sample"));
  change(document);
  return utf8(`${canonical(asMap(document))}\n`);
};

/** RFC 6962: the root over hashed leaves, and the path that proves the one at `index`. */
async function climb(leaves, index) {
  if (leaves.length === 1) return { root: leaves[0], path: [] };
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  const left = await climb(leaves.slice(0, split), index < split ? index : -1);
  const right = await climb(leaves.slice(split), index < split ? -1 : index - split);
  const path = index < 0 ? [] : index < split ? [...left.path, right.root] : [...right.path, left.root];
  return { root: await sha256(concat(Uint8Array.of(1), left.root, right.root)), path };
}

test("every golden certificate holds, by its own trust file", async () => {
  let count = 0;
  for (const version of ["v1", "v2"]) {
    for (const name of readdirSync(new URL(`Tests/Golden/${version}/certificates`, root))) {
      const verdict = await verifyCertificate(bytes(`Tests/Golden/${version}/certificates/${name}`), text(`Tests/Golden/${version}/trust.txt`));
      assert.equal(verdict.certificate.result, "PASSED");
      assert.equal(verdict.checked.length, 4);
      assert.ok(verdict.notChecked.some((line) => line.startsWith("witnesses: no known witness")));
      count += 1;
    }
  }
  assert.equal(count, 8);
  await refused(() => verifyCertificate(sample, text("Tests/Golden/v2/trust.txt")), "another log's keys");
});

test("one byte anywhere in a certificate cannot be changed, dropped or added", async () => {
  const confusing = [0x00, 0x0a, 0x20, 0x22, 0x2c, 0x3d, 0x41, 0x5c, 0xff];
  for (let index = 0; index < sample.length; index += 1) {
    const other = Uint8Array.from(sample);
    other[index] ^= 1 << (index % 8);
    await refused(() => verifyCertificate(other, keys), `bit ${index % 8} of byte ${index}`);
    const extra = confusing[index % confusing.length];
    if (index % 7 === 0) {
      await refused(() => verifyCertificate(concat(sample.subarray(0, index), sample.subarray(index + 1)), keys), `byte ${index} dropped`);
      await refused(() => verifyCertificate(concat(sample.subarray(0, index), Uint8Array.of(extra), sample.subarray(index)), keys), `${extra} at ${index}`);
    }
  }
  for (const end of [0, 1, sample.length >> 1, sample.length - 1]) {
    await refused(() => verifyCertificate(sample.subarray(0, end), keys), `cut at ${end}`);
  }
});

test("parts of other certificates do not fit", async () => {
  const other = JSON.parse(decodeUTF8(bytes(`${golden}/certificates/0002.lethe-certificate.json`), "other"));
  const own = JSON.parse(decodeUTF8(sample, "sample"));
  for (const name of ["certificate", "proof"]) {
    assert.notDeepEqual(own[name], other[name]);
    await refused(() => verifyCertificate(changed((document) => { document[name] = other[name]; }), trust), name);
  }
  await refused(() => verifyCertificate(changed((document) => { document.testResult = document.certificate; }), trust), "certificate as test");
  await refused(() => verifyCertificate(changed((document) => { document.extra = 1; }), trust), "a member more");
  await refused(() => verifyCertificate(changed((document) => { document.proof = document.proof.replace("index", "extra AAAA\nindex"); }), trust), "extra");
  await refused(() => verifyCertificate(changed((document) => {
    document.proof += document.proof.split("\n").at(-2).replace(/^/, "") + "\n";
  }), trust), "a signature line twice");
});

test("a controller's own certificate of another tenant, or in another tenant's log, is refused", async () => {
  const origin = "test.lethe.example/ledger";
  const other = "test.lethe.example/other";
  const owner = async () => {
    const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
    return {
      raw: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)),
      pem: `-----BEGIN PUBLIC KEY-----\n${base64(new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey)))}\n-----END PUBLIC KEY-----\n`,
      sign: async (message) => new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, pair.privateKey, message)),
    };
  };
  const [controller, log] = [await owner(), await owner()];
  const noteKey = concat(Uint8Array.of(1), log.raw);
  const noteHint = async (name) => (await sha256(concat(utf8(`${name}\n`), noteKey))).subarray(0, 4);
  const hint = Buffer.from(await noteHint(origin)).toString("hex");
  // The test result stays as it is, so its key does too.
  const verifier = /verifier from 3 until 141\n[^]*?END PUBLIC KEY-----\n/.exec(trust)[0];
  const own = `origin ${origin}\ncontroller\n${controller.pem}${verifier}log ${origin}+${hint}+${base64(noteKey)}\n`;

  /** The golden certificate with this tenant, signed and logged anew under this name. */
  async function certificate(tenant, name) {
    const document = JSON.parse(decodeUTF8(sample, "sample"));
    const statement = JSON.parse(Buffer.from(document.certificate.payload, "base64").toString());
    statement.predicate.tenant = tenant;
    const payload = utf8(canonical(asMap(statement)));
    document.certificate.payload = base64(payload);
    document.certificate.signatures[0].sig = base64(await controller.sign(preAuthenticationEncoding(document.certificate.payloadType, payload)));
    const leaves = [];
    for (let index = 0; index < 76; index += 1) leaves.push(await leafHash(utf8(`entry ${index}`)));
    leaves.push(await leafHash(utf8(canonical(asMap(document.certificate)))));
    const { root: head, path } = await climb(leaves, 76);
    const checkpoint = `${name}\n77\n${base64(head)}\n`;
    const line = base64(concat(await noteHint(origin), await log.sign(utf8(checkpoint))));
    document.proof = ["c2sp.org/tlog-proof@v1", "index 76", ...path.map(base64), "", `${checkpoint}\n\u2014 ${origin} ${line}\n`].join("\n");
    return utf8(`${canonical(asMap(document))}\n`);
  }
  for (const tenant of [origin, "ledger"]) {
    assert.equal((await verifyCertificate(await certificate(tenant, origin), own)).inclusion.origin, origin);
  }
  for (const [tenant, name, reason] of [
    [other, origin, /^certificate: tenant: expected "test\.lethe\.example\/ledger"/], ["other", origin, /^certificate: tenant/],
    [origin, other, /^checkpoint: expected the origin/], [other, other, /^checkpoint: expected the origin/],
  ]) {
    await assert.rejects(async () => verifyCertificate(await certificate(tenant, name), own), (error) =>
      error instanceof VerificationError && reason.test(error.message), `${tenant} in ${name}`);
  }
});

test("a trust file is read strictly, and each of its lines counts", async () => {
  const blocks = trust.match(/-----BEGIN[^]*?-----END PUBLIC KEY-----\n/g);
  for (const [what, file] of [
    ["unknown line", `${trust}hello\n`], ["second origin", `${trust}origin x\n`], ["another origin", trust.replace(/^origin .*$/m, "origin x.example/y")],
    ["no verifier", trust.replace(/verifier[^]*?END PUBLIC KEY-----\n/g, "")], ["no log", trust.replace(/^log .*\n/gm, "")],
    ["log id", trust.replace("+88b26419+", "+88b26418+")], ["validity that ends before", trust.replace("from 2 until 138", "from 138 until 2")],
    ["ended too early", trust.replace("from 2 until 138", "from 2 until 70")], ["log ended too early", trust.replace("from 1 until 137", "from 1 until 100")],
    ["two validities", trust.replace("verifier from 142\n", `controller from 7\n${blocks[1]}verifier from 142\n`)],
    ["low order", `origin a\ncontroller\n-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END PUBLIC KEY-----\n`],
    ["empty", ""], ["quorum without witnesses", `${trust}quorum one\n`],
  ]) await refused(() => verifyCertificate(sample, file), what);
  await refused(() => verifyCertificate(sample, trust.replace("from 2 until 138", "from 2 compromised 138")), "compromised, and no witness");
  const quiet = await verifyCertificate(sample, `${trust}quorum none\n`);
  assert.ok(quiet.notChecked.some((line) => line.startsWith("witnesses")));
});

test("a quorum of witnesses is demanded, counted once each, and their lines verify", async () => {
  // The proof of Documentation/spec/tlog-proof.md, around an entry of seven bytes, has one cosignature.
  const page = text("Documentation/spec/cosignature.md");
  const policy = /<!-- example: policy -->\n```text\n([^]*?)```/.exec(page)[1].split("\n").filter((line) => !line.startsWith("log ")).join("\n");
  const parsed = await parseTrust(`${trust}${policy}`);
  const [one, two, three] = parsed.policy.witnesses.map(({ verifier }) => verifier);
  for (const [cosigners, isMet] of [[[one], true], [[two, three], true], [[two], false], [[two, two], false], [[], false]]) {
    assert.equal(parsed.policy.isMetBy(cosigners), isMet);
  }
  assert.equal(parsed.policy.demand, "1 of one, pair");
  await refused(() => verifyCertificate(sample, `${trust}${policy}`), "nobody cosigned");
});

test("JSON is strict and has one canonical form", () => {
  const { accept, reject } = vectors("jcs");
  for (const { input, output } of accept) {
    assert.equal(Buffer.from(canonical(parseJSON(decodeUTF8(unhex(input), "x"), 64, "x"))).toString("hex"), output);
  }
  assert.ok(reject.length > 5);
  for (const { input, why } of reject) {
    assert.throws(() => parseJSON(decodeUTF8(unhex(input), "x"), 32, "x"), VerificationError, why);
  }
  assert.throws(() => parseJSON("[[[[]]]]", 3, "x"), VerificationError);
  assert.equal(canonical(parseJSON("[[[]]]", 3, "x")), "[[[]]]");
  for (const input of ['{"a":1,"a":1}', '{"a":1,"\\u0061":1}', '"\\ud800"', "[1,]", "01", "1.", "\ufeff1", "nul", '"\n"', "[1] 2", ""]) {
    assert.throws(() => parseJSON(input, 32, "x"), VerificationError, input);
  }
});

test("Ed25519 gives the verdicts of openssl", async () => {
  const { cases } = vectors("ed25519");
  let [good, refusedKeys] = [0, 0];
  for (const { name, key, message, signature, holds } of cases) {
    let trusted;
    try {
      trusted = await publicKey(unhex(key), name);
    } catch (error) {
      // A key of low order is refused before any signature is looked at.
      assert.ok(error instanceof VerificationError, name);
      refusedKeys += 1;
      continue;
    }
    const found = await crypto.subtle.verify({ name: "Ed25519" }, trusted.handle, unhex(signature), unhex(message));
    assert.equal(found, holds, name);
    if (found) good += 1;
  }
  assert.ok(good > 0 && good + refusedKeys < cases.length);
});

test("an envelope's signature is over type and payload", () => {
  assert.equal(new TextDecoder().decode(preAuthenticationEncoding("http://example.com/HelloWorld", utf8("hello world"))),
    "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
});

test("every inclusion proof of every small tree leads to its root, and to no other", async () => {
  const all = [];
  for (let index = 0; index < 19; index += 1) all.push(await leafHash(utf8(`entry ${index}`)));
  for (let size = 1; size <= 19; size += 1) {
    const leaves = all.slice(0, size);
    for (let index = 0; index < size; index += 1) {
      const { root: head, path: proof } = await climb(leaves, index);
      await verifyInclusion(all[index], BigInt(index), BigInt(size), proof, head);
      await refused(() => verifyInclusion(all[index], BigInt((index + 1) % size || size), BigInt(size), proof, head), `${index} of ${size} elsewhere`);
      await refused(() => verifyInclusion(all[index], BigInt(index), BigInt(size), [...proof, head], head), "a hash too many");
      if (proof.length > 0) await refused(() => verifyInclusion(all[index], BigInt(index), BigInt(size), proof.slice(1), head), "one too few");
    }
  }
});

test("a receipt and a bundle of the golden log hold; with another entry or trust they do not", async () => {
  const entries = text(`${golden}/entries.jsonl`).split("\n").filter((line) => line !== "");
  const document = JSON.parse(decodeUTF8(sample, "sample"));
  const note = document.proof.slice(document.proof.indexOf("\n\n") + 2);
  const { size } = parseCheckpoint(note.slice(0, note.indexOf("\n\n") + 1));
  const hashes = [];
  for (const entry of entries.slice(0, Number(size))) hashes.push(await leafHash(utf8(entry)));
  const proof = async (index) =>
    ["c2sp.org/tlog-proof@v1", `index ${index}`, ...(await climb(hashes, index)).path.map(base64), "", ""].join("\n") + note;
  const receipt = async (index, opening = {}) => utf8(`${canonical(asMap({
    mediaType: "application/vnd.lethe.request-receipt.v1+json", entry: JSON.parse(entries[index]), proof: await proof(index), ...opening,
  }))}\n`);

  const verdict = await verifyReceipt(await receipt(8), trust);
  assert.equal(verdict.received.id, "33a645ff-8f34-45e3-81fe-74da2d6fead0");
  assert.ok(verdict.notChecked.some((line) => line.startsWith("content: the receipt has no opening")));
  await refused(async () => verifyReceipt(await receipt(5), trust), "an entry that received nothing");
  const opening = { opening: { key: "00".repeat(32), request: "aGVsbG8=", subject: { type: "user-id", value: "1" } } };
  await refused(async () => verifyReceipt(await receipt(8, opening), trust), "an opening of something else");
  const whole = await receipt(8);
  for (let index = 0; index < whole.length; index += 7) {
    const other = Uint8Array.from(whole);
    other[index] ^= 1 << (index % 8);
    await refused(() => verifyReceipt(other, keys), `byte ${index} of the receipt`);
  }

  const bundle = {
    "certificate.dsse.json": utf8(canonical(asMap(document.certificate))), "test.dsse.json": utf8(canonical(asMap(document.testResult))),
    "request.dsse.json": utf8(entries[8]), "certificate.tlog-proof": utf8(document.proof),
    "request.tlog-proof": utf8(await proof(8)), "test.tlog-proof": utf8(await proof(74)),
  };
  const checked = await verifyBundle(bundle, trust);
  assert.ok(checked.checked.some((line) => line.includes("its receipt is entry 8")));
  for (const name of Object.keys(bundle)) {
    const { [name]: gone, ...rest } = bundle;
    await refused(() => verifyBundle(rest, trust), `without ${name}`);
    for (let index = 0; index < gone.length; index += 13) {
      const other = Uint8Array.from(gone);
      other[index] ^= 1 << (index % 8);
      await refused(() => verifyBundle({ ...bundle, [name]: other }, keys), `${name}: byte ${index}`);
    }
  }
  await refused(async () => verifyBundle({ ...bundle, "request.tlog-proof": utf8(await proof(9)) }, trust), "another request's place");
});
