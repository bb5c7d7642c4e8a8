// The view of the last audit: what each merge rule would do, whose passages are found, who starts ahead.

import { call, download } from "/page/api.js";
import { at, cell, element, heading, languageName, number, percent, row, say, signed } from "/page/dom.js";

const STRONGEST = 0.55; // opacity at which text on the colour is still readable in light and dark

// Blue for less than even, orange for more: told apart by colour-blind readers, and the number stands in the cell.
function heat(made, strength) {
  const colour = strength >= 0 ? "230 97 1" : "33 102 172";
  made.style.setProperty("background-color", `rgb(${colour} / ${(STRONGEST * Math.min(1, Math.abs(strength))).toFixed(2)})`);
  return made;
}

function map(title, told, audit, matrix, cellOf) {
  const codes = Object.keys(audit.pool);
  const label = (code) => element("abbr", { title: languageName(code) }, code);
  const head = row(element("td"), ...codes.map((code) => element("th", { scope: "col" }, label(code))));
  const body = matrix.map((values, line) => row(
    element("th", { scope: "row" }, label(audit.query_languages[line])), ...values.map((value, column) => cellOf(value, codes[column]))));
  return element("section", {},
    element("h2", {}, title), element("p", { class: "soft" }, told),
    element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": title },
      element("table", { class: "heat" }, element("thead", {}, head), element("tbody", {}, ...body))));
}

function shares(audit) {
  const total = Object.values(audit.pool).reduce((sum, count) => sum + count, 0);
  return map("Whose passages are found",
    "Share of the first ten hits by raw score; rows are query languages, columns passage languages. Orange: more than the language's share of the pool, blue: less.",
    audit, audit.rules[0].hit_shares, (value, code) => {
      if (value === null) return cell("–");
      return heat(cell(percent(value)), Math.log2(Math.max(value / (audit.pool[code] / total), 1e-6)) / 2);
    });
}

function offsets(audit) {
  const reach = Math.max(...audit.offsets.flat().map(Math.abs)) || 1;
  return map("Head start",
    "The score by which a random passage of the column's language starts ahead of a random passage of the pool, for queries of the row's language.",
    audit, audit.offsets, (value) => heat(cell(signed(value)), value / reach));
}

function rules(audit) {
  const names = Object.keys(audit.rules[0].measures);
  const head = row(heading("Merge rule"), ...names.map((name) => heading(name.replaceAll("_", " "))));
  const body = audit.rules.map((rule) => {
    const chosen = rule.rule === audit.recommendation;
    const made = row(heading(chosen ? `${rule.rule} (recommended)` : rule.rule, "row"), ...names.map((name) => {
      const told = rule.measures[name];
      const change = told.difference === null ? [] : [element("br"), element("span", { class: "soft" }, signed(told.difference))];
      return element("td", { title: `95 % interval ${told.low.toPrecision(3)} to ${told.high.toPrecision(3)}` }, told.mean.toPrecision(3), ...change);
    }));
    made.classList.toggle("chosen", chosen);
    return made;
  });
  return element("section", {}, element("h2", {}, "What each merge rule would do"),
    element("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Merge rules" },
      element("table", { class: "numbers" }, element("thead", {}, head), element("tbody", {}, ...body))));
}

function side(question) {
  const columns = Object.entries(question.hits).map(([code, hits]) => {
    const list = element("ol");
    list.append(...hits.map((hit) => element("li", { lang: hit.language, dir: "auto" },
      element("span", { class: "badge" }, hit.language), " ", hit.title ?? hit.text, hit.is_relevant ? " ✓" : "")));
    return element("div", { class: "card" },
      element("p", { lang: code, dir: "auto" }, element("span", { class: "badge" }, code), " ", question.questions[code]), list);
  });
  return element("details", {}, element("summary", {}, `${question.id}: ${percent(question.overlap)} of hits stay in another language`),
    element("div", { class: "cards" }, ...columns));
}

function whole(audit) {
  const save = element("button", { type: "button" }, "Save as a page");
  save.addEventListener("click", async () => {
    try {
      await download(`/audit/report?${new URLSearchParams({ collection: audit.collection })}`, `audit-${audit.collection}.html`);
    } catch (error) {
      say(error.message, true);
    }
  });
  const facts = `${audit.at} · ${number(audit.questions)} questions asked ${number(audit.asked)} times in ${audit.query_languages.length} languages`
    + ` · encoder ${audit.encoder}`;
  return [element("p", { class: "lead" }, audit.sentence), element("p", { class: "soft" }, facts), save, rules(audit), shares(audit), offsets(audit),
    element("section", {}, element("h2", {}, "Answers that change most with the language"), ...audit.worst.map(side))];
}

export async function showAudit() {
  try {
    const audit = await call(`/audit?${new URLSearchParams({ collection: at("collection").value })}`);
    at("audit-report").replaceChildren(...whole(audit));
    say("");
  } catch (error) {
    at("audit-report").replaceChildren();
    say(error.message, error.code !== "not_found");
  }
}
