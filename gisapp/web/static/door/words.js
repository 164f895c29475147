/* The words, categories and limits of the door in one language: from the town, or as the phone kept them. */
import { element } from "./dom.js";
import { keepDoor, keptDoor } from "./store.js";

const PATIENCE_MS = 6000; // a line that answers later than this is as good as none: what was kept is used

export const door = { words: {}, categories: [], limits: { photos: 5, photo_bytes: 25 * 1024 * 1024 }, lang: "ja", fresh: false };

/** Fill the door; false if neither the town answers nor anything was kept. */
export async function openDoor(lang) {
  const kept = await keptDoor(lang).catch(() => null);
  try {
    const answer = await fetch(`/api/door.json?lang=${encodeURIComponent(lang)}`, { signal: AbortSignal.timeout(kept ? PATIENCE_MS : 60000) });
    if (!answer.ok) throw new Error(String(answer.status));
    Object.assign(door, await answer.json(), { fresh: true });
    keepDoor(lang, { ...door, fresh: false }).catch(() => {});
    return true;
  } catch {
    if (kept) Object.assign(door, kept);
    return Boolean(kept);
  }
}

/** A sentence as the town wrote it, readings included. */
export const raw = (key) => door.words[key] ?? key;

/** A sentence as plain text, for attributes and announcements. */
export function say(key, values = {}) {
  return bare(raw(key)).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** A sentence for the page: its {漢字|かんじ} become ruby. */
export const tell = (key, values = {}) => spoken(raw(key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? ""));

/** Any text of the town's with its readings. */
export function spoken(text) {
  const parts = document.createDocumentFragment();
  let at = 0;
  for (const found of text.matchAll(/\{([^{}|]+)\|([^{}|]+)\}/g)) {
    parts.append(text.slice(at, found.index), element("ruby", {}, found[1], element("rp", {}, "("), element("rt", {}, found[2]), element("rp", {}, ")")));
    at = found.index + found[0].length;
  }
  parts.append(text.slice(at));
  return parts;
}

export const bare = (text) => text.replace(/\{([^{}|]+)\|[^{}|]+\}/g, "$1");

export const categoryOf = (code) => door.categories.find((one) => one.code === code);

/** The present moment in this phone's own clock and zone. */
export function deviceTime(now = new Date()) {
  const minutes = -now.getTimezoneOffset();
  const two = (n) => String(Math.floor(Math.abs(n))).padStart(2, "0");
  const local = new Date(now.getTime() + minutes * 60000).toISOString().slice(0, 19);
  return `${local}${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}
