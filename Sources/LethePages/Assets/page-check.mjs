// "Check it yourself": verifies what the reader chose or what this page serves, against a trust file that the reader chose. What the
// server says about it plays no part; see verify.mjs.

import { verifyBundle, verifyCertificate, verifyReceipt } from "./verify.mjs";
import { bytesOf } from "./page-files.mjs";

const form = document.querySelector("#check-form");
const result = document.querySelector("#check-result");
const files = (id) => [...(document.querySelector(id)?.files ?? [])];

function list(title, lines, kind) {
  const section = document.createElement("div");
  const heading = document.createElement("h3");
  heading.textContent = title;
  const items = document.createElement("ul");
  items.className = kind;
  for (const line of lines) {
    const item = document.createElement("li");
    item.textContent = line;
    items.append(item);
  }
  section.append(heading, items);
  return section;
}

function show(state, word, lines) {
  result.hidden = false;
  result.className = `check-result ${state}`;
  const head = document.createElement("p");
  head.className = "stamp";
  head.textContent = word;
  result.replaceChildren(head, ...lines);
  result.focus();
}

async function subject() {
  const chosen = files("#check-file");
  if (chosen.length > 1) {
    const bundle = {};
    for (const file of chosen) bundle[file.name] = await bytesOf(file);
    return (trust) => verifyBundle(bundle, trust);
  }
  let bytes;
  if (chosen.length === 1) {
    bytes = await bytesOf(chosen[0]);
  } else if (form.dataset.served) {
    const answer = await fetch(form.dataset.served, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(`the server answered ${answer.status} for the certificate`);
    bytes = new Uint8Array(await answer.arrayBuffer());
  } else {
    throw new Error("choose a file to check");
  }
  const start = new TextDecoder().decode(bytes.subarray(0, 262144));
  return (trust) => (start.includes('"application/vnd.lethe.request-receipt.v1+json"') ? verifyReceipt(bytes, trust) : verifyCertificate(bytes, trust));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const [trust] = files("#check-trust");
  if (trust === undefined) {
    show("bad", "✕ Nothing to check against", [list("What is missing", ["Choose the trust file that you got from somebody you trust."], "reasons")]);
    return;
  }
  try {
    const verify = await subject();
    const { checked, notChecked, certificate } = await verify(await trust.text());
    const said = certificate === undefined ? [] : [list("What it says", [
      `verdict ${certificate.test.verdict}`, certificate.claim, `request ${certificate.request.id}, model ${certificate.model.digest}`,
    ], "said")];
    show("good", "✓ The signatures and the proof hold", [...said, list("Checked here", checked, "checked"), list("Not checked", notChecked, "not-checked")]);
  } catch (error) {
    show("bad", "✕ It does not hold", [list("The first check that failed", [error.message], "reasons")]);
  }
});

form.hidden = false;
