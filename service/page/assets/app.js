// The search page. All text from the service goes in as textContent, never as HTML.

const at = (id) => document.getElementById(id);
const names = new Intl.DisplayNames([navigator.language, "en"], { type: "language", fallback: "code" });

const EXAMPLES = [
  ["en", "Why are there two high tides a day?"],
  ["th", "กาแฟถูกค้นพบที่ไหน"],
  ["ar", "كيف تحمي اللقاحات الناس؟"],
  ["de", "Wer hat den Buchdruck erfunden?"],
  ["zh", "骆驼的驼峰里有什么？"],
  ["el", "Πότε έχουμε δίσεκτο έτος;"],
  ["hi", "भूकंप क्यों आते हैं?"],
];

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function languageName(code) {
  if (code === "und") return "undetermined";
  try { return names.of(code); } catch { return code; }
}

function say(text, bad = false) {
  at("status").textContent = text;
  at("status").classList.toggle("bad", bad);
}

// The key lives as long as the tab, and is sent to this service alone.
const key = () => sessionStorage.getItem("key");

async function call(path, body) {
  const headers = { ...(key() && { authorization: `Bearer ${key()}` }), ...(body && { "content-type": "application/json" }) };
  const answer = await fetch(path, { headers, ...(body && { method: "POST", body: JSON.stringify(body) }) });
  const json = await answer.json();
  at("access").hidden = answer.status !== 401;
  if (answer.status === 401) at("key").focus();
  if (answer.status === 401) throw new Error(key() ? "This key is not known here; enter another." : "Enter an API key to search.");
  if (!answer.ok) throw new Error(json.message);
  return json;
}

function showChips(languages) {
  const chips = Object.entries(languages).map(([code, count]) => {
    const box = element("input", { type: "checkbox", value: code, "aria-label": `${languageName(code)}, ${count} passages` });
    box.addEventListener("change", search);
    return element("label", { class: "chip" }, box, element("span", {}, `${languageName(code)} ${count}`));
  });
  at("chips").replaceChildren(...chips);
}

function chosenLanguages() {
  const chosen = [...document.querySelectorAll("#chips input:checked")].map((box) => box.value);
  return chosen.length ? chosen : null;
}

function showHit(hit) {
  const head = element("div", { class: "hit-head" },
    element("span", { class: "badge", title: languageName(hit.language) }, hit.language),
    element("h2", { lang: hit.language, dir: "auto" }, hit.title ?? hit.id),
    element("span", { class: "score", title: "cosine similarity to the question" }, hit.score.toFixed(3)));
  return element("li", { class: "hit" }, head,
    element("p", { lang: hit.language, dir: "auto" }, hit.text),
    element("p", { class: "id" }, hit.id));
}

function bar(kind, share, y) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const box = { class: `${kind}-bar`, x: 0, y, height: 4, width: `${100 * share}%`, rx: 1 };
  for (const [name, value] of Object.entries(box)) made.setAttribute(name, value);
  return made;
}

function showShares(shares) {
  const rows = shares.flatMap((share) => {
    const chart = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    chart.setAttribute("aria-hidden", "true");
    chart.append(bar("hit", share.hit_share, 0), bar("pool", share.pool_share, 5));
    const percent = (value) => `${(100 * value).toFixed(0)} %`;
    return [
      element("tr", share.hits ? {} : { class: "none" },
        element("td", {}, languageName(share.language)),
        element("td", {}, percent(share.hit_share)),
        element("td", {}, percent(share.pool_share))),
      element("tr", { class: "bars" }, element("td", { colspan: 3 }, chart)),
    ];
  });
  at("share-rows").replaceChildren(...rows);
  at("shares").hidden = false;
}

function describe(answer, milliseconds) {
  const { code, how, confidence } = answer.query_language;
  const language = how === "detected" ? `${languageName(code)} (detected, ${(100 * confidence).toFixed(0)} %)` : languageName(code);
  const cut = answer.truncated ? " The question was too long and was cut." : "";
  const asked = code === "und" ? "the question's language could not be determined" : `question in ${language}`;
  return `${answer.hits.length} hits in ${milliseconds.toFixed(0)} ms; ${asked}.${cut}`;
}

let latest = 0;

async function search() {
  const query = at("query").value.trim();
  if (!query) return;
  const turn = ++latest;
  const started = performance.now();
  const body = { query, k: Number(at("k").value), languages: chosenLanguages(), collection: at("collection").value };
  try {
    const answer = await call("/search", body);
    if (turn !== latest) return; // a newer question has been asked meanwhile
    at("hits").replaceChildren(...answer.hits.map(showHit));
    showShares(answer.shares);
    say(answer.hits.length ? describe(answer, performance.now() - started) : "No passages here yet.");
    history.replaceState(null, "", `?${new URLSearchParams({ q: query })}`);
  } catch (error) {
    if (turn === latest) say(error.message, true);
  }
}

async function openCollection() {
  try {
    showChips((await call(`/collections/${encodeURIComponent(at("collection").value)}`)).languages);
    await search();
  } catch (error) {
    say(error.message, true);
  }
}

function showExamples() {
  const buttons = EXAMPLES.map(([lang, text]) => {
    const button = element("button", { type: "button", lang, dir: "auto" }, text);
    button.addEventListener("click", () => { at("query").value = text; search(); });
    return button;
  });
  at("examples").replaceChildren(...buttons);
}

function useKey(event) {
  event.preventDefault();
  sessionStorage.setItem("key", at("key").value.trim());
  say("");
  begin();
}

async function begin() {
  try {
    const collections = await call("/collections");
    at("collection").replaceChildren(...collections.map((name) => element("option", {}, name)));
    if (collections.includes("demo")) at("collection").value = "demo";
    at("query").value = new URLSearchParams(location.search).get("q") ?? "";
    if (collections.length) await openCollection();
  } catch (error) {
    say(error.message, true);
  }
}

at("form").addEventListener("submit", (event) => { event.preventDefault(); search(); });
at("access").addEventListener("submit", useKey);
at("collection").addEventListener("change", openCollection);
showExamples();
begin();
