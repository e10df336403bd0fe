// The page "Ask to be forgotten" with scripts: makes or reads the key, signs the request here, and puts it into the form's field.

import { makeKey, readKey, signRequest } from "./request.mjs";
import { offer } from "./page-files.mjs";

const form = document.querySelector("#sign-form");
const status = document.querySelector("#sign-status");
const field = (name) => form.elements.namedItem(name);
let key = null;

function say(text, isBad = false) {
  status.textContent = text;
  status.classList.toggle("is-bad", isBad);
}

function show(found, isNew) {
  key = found;
  const keys = document.querySelector("#sign-key");
  keys.hidden = false;
  keys.querySelector("code").textContent = key.id;
  offer(keys.querySelector("#save-public"), key.publicPEM, "lethe-request.pub");
  const secret = keys.querySelector("#save-private");
  secret.hidden = !isNew;
  offer(secret, key.privatePEM, "lethe-request.key");
}

document.querySelector("#make-key").addEventListener("click", async () => {
  try {
    show(await makeKey(), true);
    say("A key was made in this page. Save both halves; the controller needs the public one.");
  } catch {
    say("This browser has no Ed25519 in WebCrypto. Use the file upload below.", true);
  }
});

document.querySelector("#key-file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (file === undefined) return;
  try {
    show(await readKey(await file.text()), false);
    say("The key was read. It stays in this page.");
  } catch (error) {
    say(`${file.name}: ${error.message}`, true);
  }
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (key === null) {
    say("Make a key or choose your key file first.", true);
    document.querySelector("#make-key").focus();
    return;
  }
  try {
    const { requestId, bytes } = await signRequest({
      audience: form.dataset.audience, regulation: field("regulation").value, subjectType: field("subjectType").value,
      subjectValue: field("subjectValue").value, agent: form.dataset.agent, validSeconds: Number(form.dataset.validSeconds),
      // What a person says of themself proves nothing yet: the controller asks for a proof of who they are.
      level: "unverified", method: "self-declared",
    }, key);
    const text = new TextDecoder().decode(bytes);
    document.querySelector("#signed-text").value = text;
    const ready = document.querySelector("#sign-ready");
    ready.hidden = false;
    ready.querySelector("code").textContent = requestId;
    offer(ready.querySelector("#save-request"), text, `lethe-request-${requestId}.json`);
    say("Signed. Save the request, then send it.");
    ready.querySelector("button").focus();
  } catch (error) {
    say(`Not signed: ${error.message}`, true);
  }
});

document.querySelector("#with-script").hidden = false;
