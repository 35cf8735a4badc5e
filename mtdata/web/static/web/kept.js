// A menu or question that is open stays open when its piece of the page comes anew; none needs this.
"use strict";
let open = [];
document.addEventListener("htmx:beforeSwap", () => {
  open = Array.from(document.querySelectorAll("details[open][id]"), (one) => one.id);
});
document.addEventListener("htmx:afterSwap", () => {
  for (const id of open) {
    const one = document.getElementById(id);
    if (one) one.open = true;
  }
});
