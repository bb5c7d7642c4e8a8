// The search view: a question, filters, a merge rule, and a second rule beside it when wanted.

import { call } from "/page/api.js";
import { biasStrip } from "/page/bias.js";
import { at, element, languageName, number, percent, say } from "/page/dom.js";
import { hitList } from "/page/hits.js";

const EXAMPLES = [
  ["en", "Why are there two high tides a day?"],
  ["th", "กาแฟถูกค้นพบที่ไหน"],
  ["ar", "كيف تحمي اللقاحات الناس؟"],
  ["de", "Wer hat den Buchdruck erfunden?"],
  ["zh", "骆驼的驼峰里有什么？"],
  ["el", "Πότε έχουμε δίσεκτο έτος;"],
  ["hi", "भूकंप क्यों आते हैं?"],
];

const RULES = {
  score: "raw score", centred: "offsets removed", standardised: "standardised by language", lir: "language directions removed",
  shift: "shifted to one language", "round-robin": "round robin", proportional: "by share of the pool",
  reserved: "a place for each language",
};

function showChips(languages) {
  const chips = Object.entries(languages).map(([code, count]) => {
    const box = element("input", { type: "checkbox", value: code, "aria-label": `${languageName(code)}, ${count} passages` });
    box.addEventListener("change", search);
    return element("label", { class: "chip" }, box, element("span", {}, `${languageName(code)} ${number(count)}`));
  });
  at("chips").replaceChildren(...chips);
}

function chosenLanguages() {
  const chosen = [...document.querySelectorAll("#chips input:checked")].map((box) => box.value);
  return chosen.length ? chosen : null;
}

function describe(answer, milliseconds) {
  const { code, how, confidence } = answer.query_language;
  const language = how === "detected" ? `${languageName(code)} (detected, ${percent(confidence)})` : languageName(code);
  const cut = answer.truncated ? " The question was too long and was cut." : "";
  const asked = code === "und" ? "the question's language could not be determined" : `question in ${language}`;
  return `${answer.hits.length} hits in ${milliseconds.toFixed(0)} ms; ${asked}.${cut}`;
}

function panel(answer, title) {
  const made = element("section", { class: "panel" });
  if (title) made.append(element("h2", {}, title));
  made.append(biasStrip(answer), hitList(answer));
  return made;
}

let latest = 0;

async function search() {
  const query = at("query").value.trim();
  if (!query) return;
  const turn = ++latest;
  const started = performance.now();
  const body = {
    query, k: Number(at("k").value), languages: chosenLanguages(), collection: at("collection").value,
    mode: at("mode").value, bias: true,
  };
  const other = at("other").value;
  const rules = [at("merge").value, ...(other ? [other] : [])];
  // Merge rules and the report are for vectors; words alone have scores of their own.
  const plain = body.mode === "lexical";
  try {
    const answers = plain
      ? [await call("/search", { ...body, bias: false })]
      : await Promise.all(rules.map((merge) => call("/search", { ...body, merge })));
    if (turn !== latest) return; // a newer question has been asked meanwhile
    at("answers").classList.toggle("two", answers.length > 1);
    at("answers").replaceChildren(...answers.map((answer, index) => panel(answer, answers.length > 1 && RULES[rules[index]])));
    say(answers[0].hits.length ? describe(answers[0], performance.now() - started) : "No passages here yet.");
    history.replaceState(null, "", `?${new URLSearchParams({ q: query })}#search`);
  } catch (error) {
    if (turn === latest) say(error.message, true);
  }
}

export async function openCollection() {
  try {
    showChips((await call(`/collections/${encodeURIComponent(at("collection").value)}`)).languages);
    await search();
  } catch (error) {
    say(error.message, true);
  }
}

export function prepareSearch() {
  const options = () => Object.entries(RULES).map(([value, label]) => element("option", { value }, label));
  at("merge").replaceChildren(...options());
  at("other").replaceChildren(element("option", { value: "" }, "nothing"), ...options());
  at("form").addEventListener("submit", (event) => { event.preventDefault(); search(); });
  for (const id of ["k", "merge", "other", "mode"]) at(id).addEventListener("change", search);
  at("collection").addEventListener("change", openCollection);
  const buttons = EXAMPLES.map(([lang, text]) => {
    const button = element("button", { type: "button", lang, dir: "auto" }, text);
    button.addEventListener("click", () => { at("query").value = text; search(); });
    return button;
  });
  at("examples").replaceChildren(...buttons);
  at("query").value = new URLSearchParams(location.search).get("q") ?? "";
}
