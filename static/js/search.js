// Search from any page: a dialog with a combobox, whose list the server renders while one types.
(function () {
  "use strict";
  const dialog = document.getElementById("finder");
  if (!dialog) return;
  const input = document.getElementById("finder-input"), results = document.getElementById("finder-results");
  const KEY = "recent:" + dialog.dataset.member, MOST = 5;
  let opener = null;

  /* ---- what this member opened last, kept in this browser until it signs out ---- */
  function recent() {
    try { return JSON.parse(localStorage.getItem(KEY)) || []; } catch { return []; }
  }
  function remember(option) {
    const hit = { url: option.getAttribute("href"), icon: option.dataset.icon, title: option.dataset.title, detail: option.dataset.detail };
    try { localStorage.setItem(KEY, JSON.stringify([hit, ...recent().filter((one) => one.url !== hit.url)].slice(0, MOST))); } catch { /* a full or forbidden store only forgets */ }
  }
  document.addEventListener("submit", (event) => {
    // A field named "action" hides the form's own.
    if (!event.target.getAttribute("action")?.endsWith("/accounts/logout/")) return;
    for (const key of Object.keys(localStorage)) if (key.startsWith("recent:")) localStorage.removeItem(key);
  });
  function element(tag, css, text) {
    const made = document.createElement(tag);
    if (css) made.className = css;
    if (text) made.textContent = text;
    return made;
  }
  function showRecent() {
    const hits = recent();
    results.replaceChildren();
    if (hits.length) {
      const list = element("div"), group = element("div"), head = element("div", "search-group", dialog.dataset.recent);
      list.id = "finder-list"; list.setAttribute("role", "listbox"); list.setAttribute("aria-label", dialog.dataset.recent);
      group.setAttribute("role", "group"); head.id = "search-recent"; head.setAttribute("role", "presentation"); group.setAttribute("aria-labelledby", head.id);
      group.append(head, ...hits.map((hit, index) => {
        const option = element("a", "search-hit"), words = element("span", "search-text"), icon = element("i", "ti ti-" + hit.icon);
        option.id = "recent-" + index; option.href = hit.url; option.tabIndex = -1;
        option.setAttribute("role", "option"); option.setAttribute("aria-selected", "false"); icon.setAttribute("aria-hidden", "true");
        Object.assign(option.dataset, { icon: hit.icon, title: hit.title, detail: hit.detail || "" });
        words.append(element("span", "search-title", hit.title));
        if (hit.detail) words.append(element("small", "second", hit.detail));
        option.append(icon, words);
        return option;
      }));
      list.append(group); results.append(list);
    }
    settle(false);
  }

  /* ---- the list and its active option; the focus stays in the input ---- */
  const options = () => [...results.querySelectorAll("[role=option]")];
  const active = () => results.querySelector("[aria-selected=true]");
  function choose(option) {
    for (const other of options()) other.setAttribute("aria-selected", String(other === option));
    if (option) { input.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); }
    else input.removeAttribute("aria-activedescendant");
  }
  function settle(first) {
    const found = options();
    input.setAttribute("aria-expanded", String(found.length > 0));
    input.setAttribute("aria-controls", found.length ? "finder-list" : "finder-results");
    choose(first ? found[0] : null);
    const text = dialog.dataset;
    document.getElementById("finder-status").textContent = input.value.trim().length < 2 ? "" : found.length === 0 ? text.none : found.length === 1 ? text.one : text.many.replace("%n", found.length);
  }
  results.addEventListener("htmx:afterSwap", () => { if (input.value.trim().length < 2) showRecent(); else settle(true); });
  input.addEventListener("input", () => { if (!input.value.trim()) showRecent(); });
  input.addEventListener("keydown", (event) => {
    const found = options(), at = found.indexOf(active());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (found.length) choose(found[(at + (event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1) + found.length) % found.length]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (!event.isComposing && active() && !input.classList.contains("htmx-request")) active().click();
    }
  });
  results.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    remember(option);
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) dialog.close();
  });
  results.addEventListener("pointermove", (event) => {
    const option = event.target.closest("[role=option]");
    if (option && option !== active()) choose(option);
  });

  /* ---- opening and closing ---- */
  function open() {
    if (dialog.open) { input.select(); return; }
    opener = document.activeElement;
    dialog.showModal();
    input.select();
    if (input.value.trim().length < 2) showRecent();
  }
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      if (document.querySelector("dialog[open]:not(#finder)")) return;
      event.preventDefault();
      if (dialog.open) dialog.close(); else open();
    }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-search-open]");
    if (button) { event.preventDefault(); open(); }
    if (event.target.closest("[data-search-close]") || event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => opener?.focus?.({ preventScroll: true }));
  if (/Mac|iPhone|iPad/.test(navigator.platform)) for (const hint of document.querySelectorAll("[data-search-key]")) hint.textContent = "⌘K";
})();
