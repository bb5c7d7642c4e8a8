// The view of collections: how many passages, in which languages, by which encoder, how they are kept.

import { call } from "/page/api.js";
import { at, cell, element, heading, languageName, number, percent, row, say } from "/page/dom.js";

function languages(info) {
  const list = element("ul", { class: "sizes" });
  const sorted = Object.entries(info.languages).sort((one, other) => other[1] - one[1]);
  for (const [code, count] of sorted) {
    const meter = element("meter", { min: 0, max: info.passages, value: count, "aria-label": `${languageName(code)}, ${percent(count / info.passages, 1)}` });
    list.append(element("li", {}, element("span", {}, languageName(code)), meter, element("span", { class: "count" }, number(count))));
  }
  return list;
}

function recall(index) {
  const measured = Object.values(index.recall?.measured ?? {});
  return measured.length ? `${Math.min(...measured).toFixed(3)} of ${index.recall.promised} promised` : "exact";
}

function closed(name, error) {
  return element("article", { class: "card" }, element("h2", {}, name), element("p", { class: "bad" }, error.message));
}

async function cardOf(name) {
  try {
    return card(await call(`/collections/${encodeURIComponent(name)}`));
  } catch (error) {
    return closed(name, error); // one that a job fills, say, must not hide the others
  }
}

function card(info) {
  const facts = [
    ["Passages", number(info.passages)], ["Encoder", `${info.encoder}, ${info.dimension} dimensions`],
    ["Recall", recall(info.index)], ["Kept in", `${info.index.backend}${info.index.storage ? `, ${info.index.storage}` : ""}`],
  ].map(([name, value]) => row(heading(name, "row"), cell(value)));
  return element("article", { class: "card" },
    element("h2", {}, info.name), element("table", {}, element("tbody", {}, ...facts)), languages(info));
}

export async function showCollections() {
  try {
    const names = await call("/collections");
    at("collection-cards").replaceChildren(...await Promise.all(names.map(cardOf)));
    say(names.length ? "" : "There is no collection yet: docs/indexing.md tells how to fill one.");
  } catch (error) {
    say(error.message, true);
  }
}
