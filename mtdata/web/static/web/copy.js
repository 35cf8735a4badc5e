// A button that copies what stands beside it; without it a click selects the whole of that.
"use strict";
document.documentElement.classList.add("scripted");
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy");
  if (!button) return;
  const shown = document.getElementById(button.dataset.of);
  getSelection().selectAllChildren(shown);
  try {
    // a browser has no clipboard for a page that came without TLS
    if (navigator.clipboard) await navigator.clipboard.writeText(shown.textContent);
    else if (!document.execCommand("copy")) return;
  } catch {
    return; // it is selected, and can be copied by hand
  }
  button.textContent = "Copied";
  const told = document.getElementById("copied");
  if (told) told.textContent = `${button.getAttribute("aria-label")}: done`;
});
