// The bias strip: each language's share of the hits beside its share of the pool, and who starts ahead.

import { cell, element, heading, languageName, percent, row, signed } from "/page/dom.js";

function bar(kind, share, y) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const box = { class: `${kind}-bar`, x: 0, y, height: 4, width: `${100 * share}%`, rx: 1 };
  for (const [name, value] of Object.entries(box)) made.setAttribute(name, value);
  return made;
}

function rows(share) {
  const chart = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  chart.setAttribute("aria-hidden", "true");
  chart.append(bar("hit", share.hit_share, 0), bar("pool", share.pool_share, 5));
  const offset = share.offset === undefined ? [] : [cell(signed(share.offset))];
  const told = row(
    element("th", { scope: "row" }, languageName(share.language)),
    cell(percent(share.hit_share)), cell(percent(share.pool_share, share.pool_share < 0.01 ? 1 : 0)), ...offset);
  if (!share.hits) told.classList.add("none");
  const bars = row(element("td", { colspan: 3 + offset.length }, chart));
  bars.classList.add("bars");
  return [told, bars];
}

export function biasStrip(answer) {
  const shares = answer.bias ? answer.bias.languages : answer.shares;
  const headings = ["Language", "of hits", "of pool", ...(answer.bias ? ["starts"] : [])].map((text) => heading(text));
  const body = element("tbody");
  body.append(...shares.flatMap(rows));
  const strip = element("section", { class: "shares", "aria-label": "Languages of the hits" },
    element("h3", {}, "Which languages the hits favour"));
  if (answer.bias?.warning) strip.append(element("p", { class: "warning", role: "note" }, answer.bias.warning));
  if (answer.bias) strip.append(element("p", { class: "told" }, answer.bias.sentence));
  strip.append(
    element("table", {}, element("thead", {}, row(...headings)), body),
    element("p", { class: "key" },
      element("span", { class: "bar-key hit" }), " hits ", element("span", { class: "bar-key pool" }), " pool",
      ...(answer.bias ? ["; starts: the score by which a random passage of the language is ahead"] : [])));
  return strip;
}
