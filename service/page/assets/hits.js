// Hits as a list, each with what it owes to its language.

import { element, languageName } from "/page/dom.js";

function owes(hit, place, answer) {
  if (!answer.bias) return [];
  const rank = hit.offset_rank;
  if (rank === place) return [];
  const told = rank === null ? "not here without its language's head start" : `place ${rank} without head starts`;
  return [element("span", { class: rank === null ? "owes lost" : "owes" }, told)];
}

function showHit(hit, place, answer) {
  const head = element("div", { class: "hit-head" },
    element("span", { class: "badge", title: languageName(hit.language) }, hit.language),
    element("h3", { lang: hit.language, dir: "auto" }, hit.title ?? hit.id),
    element("span", { class: "score", title: "cosine similarity to the question" }, hit.score.toFixed(3)));
  return element("li", { class: "hit" }, head,
    element("p", { lang: hit.language, dir: "auto" }, hit.text),
    element("p", { class: "id" }, hit.id, ...owes(hit, place, answer)));
}

export function hitList(answer) {
  const list = element("ol", { class: "hits" });
  list.append(...answer.hits.map((hit, index) => showHit(hit, index + 1, answer)));
  return list;
}
