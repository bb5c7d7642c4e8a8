// The view of jobs, looked at again every two seconds while it is open.

import { call } from "/page/api.js";
import { at, cell, element, heading, languageName, number, row, say } from "/page/dom.js";

const EVERY = 2000;
let timer = null;

function progress(job) {
  if (job.fraction === null || job.status !== "running") return [];
  const left = job.seconds_left === null ? "" : `, ${Math.ceil(job.seconds_left)} s left`;
  return [element("progress", { max: 1, value: job.fraction, "aria-label": `${job.id}, ${Math.round(100 * job.fraction)} %${left}` }),
    element("span", { class: "soft" }, ` ${Math.round(100 * job.fraction)} %${left}`)];
}

function byLanguage(job) {
  const rows = Object.entries(job.by_language).map(([code, counts]) => row(
    heading(languageName(code), "row"), ...["read", "written", "skipped", "rejected"].map((name) => cell(number(counts[name])))));
  if (!rows.length) return [];
  const head = element("thead", {}, row(...["Language", "read", "written", "skipped", "rejected"].map((text) => heading(text))));
  return [element("details", {}, element("summary", {}, "By language"), element("table", {}, head, element("tbody", {}, ...rows)))];
}

function card(job) {
  const told = `${number(job.written)} written, ${number(job.skipped)} skipped, ${number(job.rejected)} rejected`
    + ` of ${number(job.read)} read; ${number(Math.round(job.passages_per_second))} passages a second`;
  const wrong = [job.error, job.note].filter(Boolean).map((text) => element("p", { class: job.error ? "bad" : "soft" }, text));
  return element("article", { class: "card" },
    element("h2", {}, job.collection, " ", element("span", { class: `state ${job.status}` }, job.status)),
    element("p", { class: "soft" }, job.sources.join(", ")),
    element("p", {}, ...progress(job)), element("p", {}, told), ...wrong, ...byLanguage(job));
}

async function look() {
  try {
    const jobs = await call("/jobs");
    const open = new Set([...document.querySelectorAll("#job-cards details[open]")].map((one) => one.closest("article").id));
    const cards = jobs.map((job) => Object.assign(card(job), { id: job.id }));
    for (const one of cards) if (open.has(one.id)) one.querySelector("details")?.setAttribute("open", "");
    at("job-cards").replaceChildren(...cards);
    say(jobs.length ? "" : "No job has been run: docs/indexing.md tells how to start one.");
  } catch (error) {
    say(error.message, true);
    hideJobs();
  }
}

export async function showJobs() {
  hideJobs();
  timer = setInterval(look, EVERY);
  await look();
}

export function hideJobs() {
  clearInterval(timer);
}
