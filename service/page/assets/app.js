// The console: four views of one service, chosen by what follows the # in the address.

import { keepKey, call } from "/page/api.js";
import { showAudit } from "/page/audit.js";
import { showCollections } from "/page/collections.js";
import { at, element, say } from "/page/dom.js";
import { hideJobs, showJobs } from "/page/jobs.js";
import { openCollection, prepareSearch } from "/page/search.js";

const VIEWS = { search: openCollection, collections: showCollections, jobs: showJobs, audit: showAudit };

function open() {
  const name = location.hash.slice(1) in VIEWS ? location.hash.slice(1) : "search";
  hideJobs();
  say("");
  for (const view of Object.keys(VIEWS)) {
    at(`view-${view}`).hidden = view !== name;
    const link = at(`to-${view}`);
    if (view === name) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  at("answers").hidden = name !== "search";
  return VIEWS[name]();
}

async function begin() {
  try {
    const [collections, info] = await Promise.all([call("/collections"), call("/info")]);
    at("collection").replaceChildren(...collections.map((name) => element("option", {}, name)));
    if (collections.includes(info.collection)) at("collection").value = info.collection;
    if (collections.length) await open();
  } catch (error) {
    say(error.message, true);
  }
}

at("access").addEventListener("submit", (event) => {
  event.preventDefault();
  keepKey(at("key").value.trim());
  say("");
  begin();
});
addEventListener("hashchange", open);
at("audit-collection").addEventListener("click", () => { location.hash = "search"; at("collection").focus(); });
prepareSearch();
begin();
