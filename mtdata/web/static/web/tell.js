// Tells in this browser when a job of one's own ends; only after somebody asked for it by a click.
"use strict";
(() => {
  const EVERY_MS = 20000, KEY = "mtdata-tell";
  const root = document.currentScript.dataset.ended;
  const has = () => "Notification" in window && localStorage.getItem(KEY) !== null && Notification.permission === "granted";

  async function look() {
    if (!has()) return;
    const since = localStorage.getItem(KEY);
    const answer = await fetch(`${root}?since=${encodeURIComponent(since)}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const found = await answer.json();
    if (localStorage.getItem(KEY) !== since) return; // another tab has told it
    localStorage.setItem(KEY, found.now);
    for (const job of found.ended) {
      const told = new Notification(`${job.status}: ${job.title}`, { tag: job.id });
      told.onclick = () => { window.focus(); location.assign(job.url); };
    }
  }

  function show(button) {
    button.textContent = has() ? "Do not tell me in this browser" : "Tell me in this browser";
    button.setAttribute("aria-pressed", String(has()));
  }

  async function choose(button) {
    if (has()) localStorage.removeItem(KEY);
    else if (await Notification.requestPermission() === "granted") localStorage.setItem(KEY, new Date().toISOString());
    show(button);
  }

  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("tell");
    if (button && "Notification" in window) {
      button.hidden = false;
      show(button);
      button.addEventListener("click", () => choose(button));
    }
    setInterval(() => look().catch(() => {}), EVERY_MS);
  });
})();
