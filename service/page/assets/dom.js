// Making elements. All text from the service goes in as text, never as HTML.

export const at = (id) => document.getElementById(id);

const names = new Intl.DisplayNames([navigator.language, "en"], { type: "language", fallback: "code" });

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function languageName(code) {
  if (code === "und") return "undetermined";
  try { return names.of(code); } catch { return code; }
}

export const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)} %`;
export const number = (value) => value.toLocaleString("en");
export const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;

export function row(...cells) {
  return element("tr", {}, ...cells);
}

export function cell(text, attributes = {}) {
  return element("td", attributes, text);
}

export function heading(text, scope = "col") {
  return element("th", { scope }, text);
}

export function say(text, bad = false) {
  at("status").textContent = text;
  at("status").classList.toggle("bad", bad);
}
