// The page of `portcullis issuer`. Text is put on it as text: the policy of the page forbids everything else.

const one = (selector) => document.querySelector(selector);
const form = one("#mint");
const token = one("#token");
const editors = [one("#header"), one("#payload")];
const checks = one("#checks");
const outcome = one("#outcome");

let state = {};
let minted = "";

async function ask(path, body) {
  const options = body === undefined
    ? {}
    : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  let answer, value;
  try {
    answer = await fetch(`/api/${path}`, options);
    value = await answer.json();
  } catch {
    throw new Error("The server does not answer. Is it still running?");
  }
  if (!answer.ok) throw new Error(value.error);
  return value;
}

// Runs what a click asks for, and shows what is wrong with it.
async function run(work) {
  const problem = one("#problem");
  try {
    await work();
    problem.hidden = true;
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }
}

// Parts of a token: base64url of UTF-8.

function encode(text) {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function decodeBytes(part) {
  return Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (byte) => byte.charCodeAt(0));
}

function decode(part) {
  return new TextDecoder("utf-8", { fatal: true }).decode(decodeBytes(part));
}

function pretty(part) {
  let text;
  try {
    text = decode(part ?? "");
  } catch {
    return "(not text in base64url)";
  }
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

// Showing.

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function colour() {
  const names = ["header", "payload", "signature"];
  const shown = token.value.split(".").flatMap((part, place) => {
    const text = element("span", part, names[place] ?? "");
    return place === 0 ? [text] : [".", text];
  });
  // A last line without text has no height otherwise.
  one("#colours").replaceChildren(...shown, "\u200b");
}

function showParts() {
  const parts = token.value.trim().split(".");
  editors.forEach((editor, place) => { editor.value = pretty(parts[place]); });
  showTimes();
}

function showTimes() {
  const hint = one("#times");
  const { iat, exp } = claimsOf(token.value) ?? {};
  const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB");
  const dated = Number.isSafeInteger(iat) && Number.isSafeInteger(exp);
  hint.textContent = dated ? `issued ${clock(iat)}, expires ${clock(exp)}` : "edit it: the signature stays as it was";
}

function claimsOf(text) {
  try {
    return JSON.parse(decode(text.split(".")[1]));
  } catch {
    return undefined;
  }
}

function showKeys(keys) {
  one("#keys").replaceChildren(...keys.map((key) => {
    const line = element("li", key.key_id, key.signs ? "signs" : "");
    line.append(element("span", key.algorithm), element("span", key.signs ? "signs" : "published, signs no more"));
    return line;
  }));
}

const words = { pass: "pass", fail: "fail", not_reached: "not reached" };

function showChecks(answer) {
  const title = { accepted: "Accepted", refused: "Refused", unavailable: "Cannot tell" }[answer.outcome];
  outcome.dataset.outcome = answer.outcome;
  outcome.dataset.code = answer.code ?? "";
  outcome.firstElementChild.textContent = answer.code ? `${title} (${answer.status})` : title;
  outcome.lastElementChild.textContent = answer.code ? `${answer.code}: ${answer.message}` : "every check holds";
  checks.querySelector("tbody").replaceChildren(...answer.checks.map((check) => {
    const row = document.createElement("tr");
    row.dataset.check = check.check;
    row.dataset.verdict = check.verdict;
    const name = element("th", check.check.replaceAll("_", " "));
    name.scope = "row";
    name.append(element("span", `: ${words[check.verdict]}`, "spoken"));
    row.append(name, element("td", check.expected), element("td", check.found ?? ""));
    return row;
  }));
  // The list may be longer than its place.
  const failed = checks.querySelector("[data-verdict=fail]");
  checks.scrollTop = failed ? failed.offsetTop - checks.clientHeight / 2 : 0;
}

// Checking: the newest question counts, whatever comes back first.

let asked = 0;
let timer;

function show(text) {
  token.value = text;
  showParts();
  colour();
  check();
}

function check(wait = 0) {
  asked += 1;
  const mine = asked;
  checks.setAttribute("aria-busy", "true");
  clearTimeout(timer);
  timer = setTimeout(() => run(async () => {
    const answer = await ask("check", { token: token.value.trim() });
    if (mine !== asked) return;
    showChecks(answer);
    checks.setAttribute("aria-busy", "false");
  }), wait);
}

function press(button) {
  for (const other of document.querySelectorAll("[data-tamper]")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
}

// Minting.

async function mint() {
  const wish = Object.fromEntries(new FormData(form));
  const made = await ask("mint", wish);
  minted = made.token;
  press(undefined);
  const claims = Object.keys(claimsOf(minted));
  const chosen = one("#claim").value || "sub";
  one("#claim").replaceChildren(...claims.map((claim) => element("option", claim)));
  one("#claim").value = claims.includes(chosen) ? chosen : "sub";
  show(minted);
  await keysNow();
}

async function keysNow() {
  state = await ask("state");
  showKeys(state.keys);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run(mint);
});

// Tampering.

const now = () => Math.floor(Date.now() / 1000);

// What is changed and then signed again, so that nothing else is wrong.
const signed = {
  expire: (_, payload) => { payload.iat = now() - 7200; payload.exp = now() - 3600; },
  audience: (_, payload) => { payload.aud = "https://other-api.example.com"; },
  issuer: (_, payload) => { payload.iss = "https://other-issuer.example.com"; },
  kid: (header) => { header.kid = "nobody-has-this-key"; },
  drop: (_, payload) => { delete payload[one("#claim").value]; },
};

const unsigned = {
  claim: (_, payload) => { payload.sub = "mallory"; },
  bit: (header, payload, signature) => {
    const bytes = decodeBytes(signature);
    bytes[bytes.length >> 1] ^= 1;
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  },
  none: (header) => { header.alg = "none"; return ""; },
};

async function tamper(how) {
  const parts = minted.split(".");
  const [header, payload] = parts.slice(0, 2).map((part) => JSON.parse(decode(part)));
  if (how in signed) {
    signed[how](header, payload);
    const draft = { header: JSON.stringify(header), payload: JSON.stringify(payload) };
    show((await ask("sign", draft)).token);
  } else {
    const signature = unsigned[how](header, payload, parts[2]) ?? parts[2];
    show([encode(JSON.stringify(header)), encode(JSON.stringify(payload)), signature].join("."));
  }
}

for (const button of document.querySelectorAll("[data-tamper]")) {
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => run(async () => {
    await tamper(button.dataset.tamper);
    press(button);
  }));
}

one("#restore").addEventListener("click", () => {
  press(undefined);
  show(minted);
});

token.addEventListener("input", () => {
  press(undefined);
  showParts();
  colour();
  check(150);
});

editors.forEach((editor, place) => editor.addEventListener("input", () => {
  press(undefined);
  const parts = token.value.trim().split(".");
  while (parts.length < 3) parts.push("");
  parts[place] = encode(editor.value);
  token.value = parts.join(".");
  showTimes();
  colour();
  check(150);
}));

one("#sign").addEventListener("click", () => run(async () => {
  // The text of the token itself, as the editors show it laid out.
  const [header, payload] = token.value.trim().split(".").slice(0, 2).map((part, place) => {
    try {
      return decode(part);
    } catch {
      return editors[place].value;
    }
  });
  show((await ask("sign", { header, payload: payload ?? "" })).token);
}));

// Keys.

for (const call of ["rotate", "withdraw"]) {
  one(`#${call}`).addEventListener("click", () => run(async () => {
    showKeys((await ask(call, {})).keys);
    check();
  }));
}

// Copying.

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function copies(button, text) {
  const label = button.textContent;
  button.addEventListener("click", () => run(async () => {
    try {
      await navigator.clipboard.writeText(text());
    } catch {
      throw new Error("The browser does not let the page write to the clipboard.");
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 1500);
  }));
}

copies(one("#copy-token"), () => token.value.trim());
copies(one("#copy-curl"), () => `curl -i -H ${quoted(`Authorization: Bearer ${token.value.trim()}`)} ${quoted(state.api)}`);

await run(async () => {
  state = await ask("state");
  one("#issuer").textContent = state.issuer;
  one("#expected-audience").textContent = state.audience;
  form.elements.algorithm.replaceChildren(...state.algorithms.map((name) => element("option", name)));
  for (const field of ["subject", "scope", "audience", "lifetime", "algorithm"]) form.elements[field].value = state[field];
  await mint();
});
