/* Reports nearby that may be the same thing: support one of them, or send one's own. */
import { announce, button, element } from "./dom.js";
import { begin, discard, draft } from "./draft.js";
import { say, spoken, tell } from "./words.js";
import { go } from "./walk.js";

const PATIENCE_MS = 4000;

/** Open reports of the same kind close by; nothing without a line, or where the person said before that it is another. */
export async function similarNear() {
  const { place, category, not_same } = draft;
  if (!place || !navigator.onLine || not_same === keyOf()) return [];
  const query = new URLSearchParams({ lon: place.lon, lat: place.lat, category });
  try {
    const answer = await fetch(`/api/similar?${query}`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return answer.ok ? (await answer.json()).found : [];
  } catch {
    return []; // a question that can be left out is no obstacle
  }
}

const keyOf = () => `${draft.category} ${draft.place?.lon} ${draft.place?.lat}`;

export function render(box, { found = [], supported = null }) {
  if (supported) return thanked(box, supported);
  box.append(
    element("h1", {}, tell("similar.title")),
    element("p", {}, tell("similar.text")),
    element("ul", { class: "dr-list" }, found.map((one) => row(one, box))),
    element("div", { class: "dr-buttons" }, button(tell("similar.other"), () => {
      draft.not_same = keyOf();
      go("check");
    })),
  );
  return undefined;
}

function row(one, box) {
  const facts = [one.distance, one.age, one.status_name || one.state_name, one.support ? say("similar.support", { n: one.support }) : ""].filter(Boolean);
  return element("li", {}, element("div", { class: "dr-card" },
    element("h2", {}, spoken(one.category_name), " ", one.id),
    one.photo ? element("img", { src: one.photo.small, alt: say("similar.photo", { id: one.id }), loading: "lazy" }) : element("p", { class: "dr-hint" }, tell("similar.no_photo")),
    element("ul", {}, facts.map((fact) => element("li", {}, fact))),
    button(tell("similar.same"), () => support(one, box), "dr-quiet", { "aria-label": `${say("similar.same")} ${one.id}` })));
}

async function support(one, box) {
  try {
    const answer = await fetch(`/api/similar/${encodeURIComponent(one.id)}/support`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ uuid: deviceId() }), signal: AbortSignal.timeout(20000),
    });
    if (!answer.ok) throw new Error(String(answer.status));
  } catch {
    box.querySelector(".dr-error")?.remove();
    box.querySelector("h1").before(element("p", { class: "dr-error", role: "alert" }, tell("similar.failed")));
    return;
  }
  await discard();
  begin();
  announce(say("similar.thanks"));
  await go("similar", { supported: one.id });
}

// A number of this phone's own: one phone supports a report once.
function deviceId() {
  const known = localStorage.getItem("gisapp-device") || crypto.randomUUID();
  localStorage.setItem("gisapp-device", known);
  return known;
}

function thanked(box, id) {
  box.append(
    element("h1", {}, tell("similar.thanks")),
    element("p", {}, tell("similar.thanks_text", { id })),
    element("p", {}, element("a", { class: "dr-link", href: `/map/r/${encodeURIComponent(id)}` }, tell("similar.look"))),
    element("div", { class: "dr-buttons" }, button(tell("sent.another"), () => go("photos"), "dr-quiet")),
  );
}

