/* Boxes over what must not be seen. While there is one, the photo can be released blackened only. */
const words = JSON.parse(document.getElementById("dk-words").textContent);
const form = document.getElementById("dk-decide");
if (form) begin();

async function begin() {
  const room = document.getElementById("dk-room");
  // The residents' own brush, by the address that carries its version.
  const [{ BoxesOn }, { announce }] = await Promise.all([import(room.dataset.paint), import(room.dataset.dom)]);
  const [clear, redacted] = ["dk-clear", "dk-redacted"].map((id) => document.getElementById(id));
  const fill = (text, n) => text.replace("{n}", n);
  const boxes = new BoxesOn(room, [], {
    name: (n) => fill(words.box, n),
    added: (n) => { show(); announce(fill(words.added, n)); },
    removed: () => { show(); announce(words.removed); },
  });
  function show() {
    const any = boxes.shares().length > 0;
    clear.hidden = any;
    redacted.hidden = !any;
  }
  document.getElementById("dk-tools").hidden = false;
  document.getElementById("dk-keys").hidden = false;
  document.getElementById("dk-add").addEventListener("click", () => boxes.add());
  document.getElementById("dk-remove").addEventListener("click", () => boxes.removeChosen());
  form.addEventListener("submit", () => { form.elements.boxes.value = JSON.stringify(boxes.shares()); });
}
