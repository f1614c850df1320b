// Completes the names of facts, KPIs and functions in a formula: a list below the field, by keyboard or pointer.
(function () {
  "use strict";
  const field = document.querySelector("[data-formula]");
  if (!field) return;
  const names = JSON.parse(document.getElementById("formula-names").textContent);
  const list = document.getElementById("formula-list"), status = document.getElementById("formula-status");
  const MOST = 8;
  let active = -1, word = null;

  function wordAtCaret() {
    if (field.selectionStart !== field.selectionEnd) return null;
    const before = field.value.slice(0, field.selectionStart).match(/[A-Za-z_][A-Za-z0-9_]*$/);
    if (!before || before[0].length < 2) return null;
    const after = field.value.slice(field.selectionStart).match(/^[A-Za-z0-9_]*/)[0];
    return { text: before[0].toLowerCase(), start: field.selectionStart - before[0].length, end: field.selectionStart + after.length };
  }
  function found(text) {
    const begins = names.filter((one) => one.name.toLowerCase().startsWith(text));
    const inside = names.filter((one) => !begins.includes(one) && (one.name.toLowerCase().includes(text) || one.meaning.toLowerCase().includes(text)));
    return [...begins, ...inside].slice(0, MOST);
  }
  function close() {
    list.replaceChildren();
    list.hidden = true;
    active = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }
  function mark(index) {
    active = index;
    [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    const option = list.children[index];
    if (option) { field.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); }
  }
  function show() {
    word = wordAtCaret();
    const hits = word ? found(word.text) : [];
    if (!hits.length || (hits.length === 1 && hits[0].name.toLowerCase() === word.text)) { close(); return; }
    list.replaceChildren(...hits.map((hit, index) => {
      const option = document.createElement("li"), name = document.createElement("code"), meaning = document.createElement("small");
      option.id = "formula-option-" + index;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.name = hit.name;
      name.textContent = hit.name;
      meaning.textContent = hit.meaning;
      option.append(name, meaning);
      return option;
    }));
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
    status.textContent = status.dataset.many.replace("%n", hits.length);
    mark(0);
  }
  function take(option) {
    const name = option.dataset.name, isFunction = /^[A-Z]+$/.test(name);
    field.setRangeText(isFunction ? name + "(" : name, word.start, word.end, "end");
    close();
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    close();
  }

  field.addEventListener("input", show);
  field.addEventListener("click", close);
  field.addEventListener("blur", () => setTimeout(close, 150));
  field.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    const count = list.children.length;
    if (event.key === "ArrowDown") mark((active + 1) % count);
    else if (event.key === "ArrowUp") mark((active - 1 + count) % count);
    else if (event.key === "Enter" || event.key === "Tab") take(list.children[active]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) { event.preventDefault(); take(option); }
  });
})();
