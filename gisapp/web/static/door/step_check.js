/* Everything once more: each part can be put right, and sending is one tap. */
import { announce, button, element, rename, showFaults } from "./dom.js";
import { begin, draft, settled } from "./draft.js";
import { sendAll } from "./sending.js";
import { startWork, wakeLater } from "./background.js";
import { pictures, queueReport } from "./store.js";
import { bare, categoryOf, deviceTime, door, raw, say, spoken, tell } from "./words.js";
import { placeWords } from "./place.js";
import { worthSending } from "./forward.js";
import { go, instead } from "./walk.js";

export async function render(box, { stopped = null }) {
  const urls = [];
  const category = categoryOf(draft.category);
  const answers = (category?.questions || []).filter((one) => draft.answers[one.id]);
  const { name, phone, email } = draft.contact;
  box.append(
    element("h1", {}, tell("check.title")),
    element("dl", { class: "dr-rows" },
      row(raw("step.photos"), await thumbs(urls), "photos"),
      row(raw("step.place"), await placeWords(draft), "place"),
      row(raw("step.category"), category ? spoken(category.name) : tell("check.none"), "category"),
      answers.map((one) => row(one.ask, shownAnswer(one), "questions")),
      row(raw("words.label"), draft.body.trim() || tell("check.none"), "words", draft.body.trim() ? "check.change" : "check.add"),
      row(raw("contact.title"), [name, phone, email].filter((one) => one.trim()).join("\n") || tell("check.none"), "contact", name || phone || email ? "check.change" : "check.add")),
    navigator.onLine ? "" : element("p", { class: "dr-notice dr-warn" }, tell("offline.will_send")),
    element("div", { class: "dr-buttons" }, sendButton(box)),
    element("p", { class: "dr-hint" }, tell("check.note")),
  );
  if (stopped) setTimeout(() => showFaults(box, say("fault.title"), [{ text: stopped }]));
  return () => urls.forEach((url) => URL.revokeObjectURL(url));
}

function shownAnswer(question) {
  const chosen = question.choices.find((one) => one.value === draft.answers[question.id]);
  return chosen ? spoken(chosen.text) : draft.answers[question.id];
}

function row(name, value, screen, words = "check.change") {
  return element("div", { class: "dr-row" },
    element("dt", {}, spoken(name)),
    element("dd", { class: "dr-value" }, value),
    element("dd", {}, element("button", { type: "button", class: "dr-link", "aria-label": `${bare(name)}：${say(words)}`, onclick: () => go(screen, { edit: true }) }, tell(words))));
}

async function thumbs(urls) {
  if (!draft.photos.length) return tell("check.none");
  return element("ul", { class: "dr-photos" }, await Promise.all(draft.photos.map(async (photo, i) => {
    const kept = await pictures(photo.id);
    const alt = say("photos.nth", { n: i + 1 });
    if (!kept?.thumb) return element("li", {}, element("div", { class: "dr-no-picture" }, alt, element("br"), tell("photos.no_picture")));
    urls.push(URL.createObjectURL(kept.thumb));
    return element("li", {}, element("img", { src: urls.at(-1), alt }));
  })));
}

function sendButton(box) {
  const send = button(tell("check.send"), async () => {
    const faults = missing();
    if (faults.length) return showFaults(box, say("fault.title"), faults);
    send.disabled = true;
    rename(send, tell("check.sending"));
    await settled();
    const report = waiting();
    try {
      await queueReport(report);
    } catch {
      send.disabled = false;
      rename(send, tell("check.send"));
      return showFaults(box, say("fault.title"), [{ text: say("photos.no_room") }]);
    }
    begin();
    startWork();
    announce(say("state.sending"));
    sendAll({ at_once: true });
    wakeLater();
    return instead("sent", { uuid: report.uuid });
  });
  return send;
}

function missing() {
  const faults = [];
  if (!draft.place && !draft.text.trim()) faults.push({ text: say("place.missing") });
  if (!categoryOf(draft.category)) faults.push({ text: say("category.missing") });
  if (!worthSending()) faults.push({ text: say("words.missing") });
  return faults;
}

function waiting() {
  const { uuid, photos, place, text, category, answers, body, contact, token, work } = draft;
  const named = [contact.name, contact.phone, contact.email].some((one) => one.trim());
  return {
    uuid, state: "waiting", tries: 0, next_try: 0, made_at: new Date().toISOString(), category_name: categoryOf(category)?.name || "", draft: structuredClone(draft),
    photos: photos.map(({ id, sha256, bytes }) => ({ id, sha256, bytes, state: "waiting", message: "" })),
    payload: {
      uuid, category, place: place ? { lon: place.lon, lat: place.lat, source: place.source, accuracy_m: place.accuracy_m ?? null } : { text: text.trim() },
      body: body.trim(), answers, contact: named ? { ...contact } : null, lang: door.lang, device_time: deviceTime(),
      photos: photos.map(({ sha256, bytes }) => ({ sha256, bytes })), token, work, website: "", asset: place?.asset || "",
    },
  };
}
