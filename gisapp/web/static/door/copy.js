/* The receipt's copy button: shown only where the browser can copy. */
for (const row of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  row.hidden = false;
  row.querySelector("button").addEventListener("click", async () => {
    await navigator.clipboard.writeText(row.dataset.copy);
    row.querySelector("[role=status]").textContent = row.dataset.copied;
  });
}
