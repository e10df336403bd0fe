// Requests that the browser signs, under node.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeKey, readKey, signRequest } from "../../../Sources/LethePages/Assets/request.mjs";
import { asMap, canonical, preAuthenticationEncoding, utf8 } from "../../../Sources/LethePages/Assets/verify.mjs";

const fields = {
  audience: "a.example/log", regulation: "gdpr", subjectType: "user-id", subjectValue: "117", agent: "browser", level: "unverified",
  method: "self-declared", validSeconds: 3600,
};

test("a key is written as openssl writes it, and read again", async () => {
  const key = await makeKey();
  assert.equal((await readKey(key.privatePEM)).id, key.id);
  assert.equal((await readKey(key.privatePEM.replaceAll("\n", "\r\n"))).publicPEM, key.publicPEM);
  for (const text of ["", "hello", key.publicPEM, key.privatePEM.slice(0, 60), key.privatePEM.replace("MC4C", "MC4D")]) {
    await assert.rejects(readKey(text), Error);
  }
  await assert.rejects(readKey("-----BEGIN ENCRYPTED PRIVATE KEY-----"), /passphrase/);
});

test("the request has the one form of its specification, and openssl verifies it", async (t) => {
  const key = await makeKey();
  let next = 0;
  const { requestId, bytes } = await signRequest(fields, key, Date.UTC(2026, 10, 24, 11, 24, 41), (count) => Uint8Array.from({ length: count }, () => next++));
  assert.equal(requestId, "00010203-0405-4607-8809-0a0b0c0d0e0f");
  const envelope = JSON.parse(new TextDecoder().decode(bytes));
  assert.deepEqual(bytes, utf8(canonical(asMap(envelope))));
  const payload = Buffer.from(envelope.payload, "base64");
  const statement = JSON.parse(payload);
  assert.equal(payload.toString(), canonical(asMap(statement)));
  assert.deepEqual(statement.predicate, {
    agent: "browser", audience: "a.example/log", expiresAt: "2026-11-24T12:23:41Z", identity: { level: "unverified", method: "self-declared" },
    issuedAt: "2026-11-24T11:23:41Z", nonce: "101112131415161718191a1b1c1d1e1f", regulation: "gdpr", requestId,
    subject: { type: "user-id", value: "117" }, type: "erasure",
  });
  assert.equal(statement.subject[0].name, `request:${requestId}`);
  assert.equal(envelope.signatures[0].keyid, key.id);

  const folder = mkdtempSync(join(tmpdir(), "lethe-request-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = (name, content) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const digest = execFileSync("openssl", ["dgst", "-sha256", "-r", file("predicate", canonical(asMap(statement.predicate)))]).toString().slice(0, 64);
  assert.equal(statement.subject[0].digest.sha256, digest);
  const message = file("pae", preAuthenticationEncoding(envelope.payloadType, new Uint8Array(payload)));
  const said = execFileSync("openssl", ["pkeyutl", "-verify", "-pubin", "-inkey", file("pub", key.publicPEM), "-rawin", "-in", message,
    "-sigfile", file("sig", Buffer.from(envelope.signatures[0].sig, "base64"))]).toString();
  assert.match(said, /Signature Verified Successfully/);
});
