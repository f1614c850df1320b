// Deciding with single keys, in the list of what waits and on a deal's page. Off while typing, and where the
// person has switched it off. In the list the keys act on the row that has the focus and on nothing else.
(function () {
  "use strict";
  const KEY = "shortcuts";
  const isOn = () => localStorage.getItem(KEY) !== "off";
  const rows = () => [...document.querySelectorAll("#list tbody tr")];
  const main = (row) => row.querySelector("td a");

  function show() {
    document.documentElement.dataset.shortcuts = isOn() ? "on" : "off";
    for (const box of document.querySelectorAll("[data-shortcuts-switch]")) box.checked = isOn();
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-shortcuts-switch]")) {
      localStorage.setItem(KEY, event.target.checked ? "on" : "off");
      show();
    }
    if (event.target.matches("[data-pick-all]")) {
      for (const box of document.querySelectorAll("[data-pick]")) box.checked = event.target.checked;
    }
  });

  function typing(element) {
    return element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit])");
  }
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat || !isOn()) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (document.getElementById("list")) inList(event, key);
    else press(event, document.querySelector(`.page-actions [data-key="${CSS.escape(key)}"]`));
  });

  function inList(event, key) {
    const all = rows(), row = event.target.closest?.("#list tbody tr");
    if (key === "j" || key === "k") {
      const at = all.indexOf(row);
      const next = all[at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + (key === "j" ? 1 : -1)))];
      if (next) { event.preventDefault(); main(next).focus(); }
      return;
    }
    if (!row) return;
    if (key === "p") press(event, row.querySelector("[data-pick]"));
    else press(event, row.querySelector(`[data-key="${CSS.escape(key)}"]`));
  }
  function press(event, element) {
    if (!element) return;
    event.preventDefault();
    element.click();
  }
  show();
})();
