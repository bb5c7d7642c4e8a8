// Calls to this service. The key lives as long as the tab, and is sent to this service alone.

import { at } from "/page/dom.js";

const key = () => sessionStorage.getItem("key");

export function keepKey(text) {
  sessionStorage.setItem("key", text);
}

async function answerOf(path, body) {
  const headers = { ...(key() && { authorization: `Bearer ${key()}` }), ...(body && { "content-type": "application/json" }) };
  const answer = await fetch(path, { headers, ...(body && { method: "POST", body: JSON.stringify(body) }) });
  at("access").hidden = answer.status !== 401;
  if (answer.status === 401) {
    at("key").focus();
    throw new Error(key() ? "This key is not known here; enter another." : "Enter an API key to search.");
  }
  if (!answer.ok) {
    const problem = await answer.json();
    throw Object.assign(new Error(problem.message), { code: problem.code });
  }
  return answer;
}

export async function call(path, body) {
  return (await answerOf(path, body)).json();
}

export async function download(path, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await (await answerOf(path)).blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
