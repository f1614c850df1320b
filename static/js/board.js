// The board of deals: cards move at once, and go back when the portal says no. Without this script the menus still work.
(function () {
  "use strict";
  const announce = (text) => { document.getElementById("announce").textContent = text; };
  const column = (stage) => document.querySelector(`.board-column[data-stage="${stage}"]`);
  let dragged = null;

  function say(text) {
    const alert = document.createElement("div");
    alert.className = "alert alert-warning";
    alert.textContent = text;
    document.querySelector(".messages").replaceChildren(alert);
  }
  function heads(answer) {
    for (const [stage, head] of Object.entries(answer)) {
      const place = column(stage);
      if (!place) continue;
      place.querySelector("[data-count]").textContent = head.count;
      place.querySelector("[data-sum]").textContent = head.sum;
    }
  }
  function tidy() {
    for (const place of document.querySelectorAll(".board-column")) {
      const note = place.querySelector(".board-empty");
      if (note) note.hidden = place.querySelector(".board-card") !== null;
    }
  }
  async function move(card, stage) {
    const form = card.querySelector("form[data-move]"), from = card.parentElement, next = card.nextElementSibling;
    if (card.dataset.moving || from.closest(".board-column").dataset.stage === stage) return;
    const data = new FormData(form);
    data.set("stage", stage);
    const button = card.querySelector("[data-bs-toggle=dropdown]");
    const focused = card.contains(document.activeElement);
    card.dataset.moving = "yes";
    column(stage).querySelector(".board-cards").prepend(card);
    tidy();
    if (focused) button.focus();
    try {
      const response = await fetch(form.getAttribute("action"), { method: "POST", body: data, headers: { Accept: "application/json" }, redirect: "manual" });
      const answer = response.headers.get("Content-Type")?.startsWith("application/json") ? await response.json() : {};
      if (!response.ok) throw new Error(answer.message || "");
      form.elements.version.value = answer.version;
      for (const choice of form.querySelectorAll("[name=stage]")) choice.disabled = choice.value === stage;
      heads(answer.heads);
      announce(answer.message);
    } catch (error) {
      from.insertBefore(card, next && next.parentElement === from ? next : null);
      tidy();
      if (focused) button.focus();
      const text = error instanceof TypeError || !error.message ? document.getElementById("board").dataset.failed : error.message;
      say(text);
      announce(text);
    } finally {
      delete card.dataset.moving;
    }
  }

  document.addEventListener("submit", (event) => {
    const card = event.target.matches("form[data-move]") && event.target.closest(".board-card");
    if (!card || !event.submitter) return;
    event.preventDefault();
    window.bootstrap?.Dropdown.getInstance(card.querySelector("[data-bs-toggle=dropdown]"))?.hide();
    move(card, event.submitter.value);
  }, true);

  document.addEventListener("dragstart", (event) => {
    const card = event.target.closest?.(".board-card[draggable]");
    if (!card) return;
    dragged = card;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", card.querySelector(".board-title").textContent);
    // After the browser has taken its picture of the card.
    setTimeout(() => { card.classList.add("is-dragged"); document.querySelector("[data-ends]")?.classList.add("is-open"); }, 0);
  });
  const target = (event) => dragged && event.target.closest?.(".board-column, .board-end");
  document.addEventListener("dragover", (event) => {
    const place = target(event);
    for (const other of document.querySelectorAll(".is-over")) if (other !== place) other.classList.remove("is-over");
    if (!place) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    place.classList.add("is-over");
  });
  document.addEventListener("drop", (event) => {
    const place = target(event), card = dragged;
    if (!place) return;
    event.preventDefault();
    done();
    if (place.dataset.end) location.assign(card.dataset[place.dataset.end]);
    else move(card, place.dataset.stage);
  });
  function done() {
    dragged?.classList.remove("is-dragged");
    dragged = null;
    document.querySelector("[data-ends]")?.classList.remove("is-open");
    for (const other of document.querySelectorAll(".is-over")) other.classList.remove("is-over");
  }
  document.addEventListener("dragend", done);
})();
