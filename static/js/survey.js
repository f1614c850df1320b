/* A survey's sheet: shows the questions that the answers so far lead to, and keeps what has been filled in. */
(() => {
  "use strict";
  const form = document.querySelector("form[data-sheet]");
  if (!form) return;
  const entries = [...form.querySelectorAll("[data-condition]")].map((element) => ({ element, condition: JSON.parse(document.getElementById(element.dataset.condition).textContent) }));

  const given = (field) => [...new FormData(form)].filter(([name]) => name === field).map(([, value]) => value);
  function applies({ field, comparison, values, number }) {
    const asked = form.elements[field];
    const first = asked instanceof RadioNodeList ? asked[0] : asked;
    if (!first || first.closest("[hidden]")) return false;
    const chosen = given(field).filter((value) => value !== "");
    if (!chosen.length) return false;
    if (comparison === "is") return chosen.some((value) => values.includes(value));
    return comparison === "at_most" ? Number(chosen[0]) <= number : Number(chosen[0]) >= number;
  }
  function show() {
    for (const { element, condition } of entries) element.hidden = !applies(condition);
  }
  form.addEventListener("change", show);
  show();

  const note = document.getElementById("kept");
  if (!form.dataset.keep) return;
  let timer = null, sent = false;
  async function keep() {
    if (sent) return;
    const data = new FormData(form);
    data.set("then", "keep");
    try {
      const answer = await fetch(form.getAttribute("action") || location.href, { method: "POST", body: data, headers: { "X-CSRFToken": data.get("csrfmiddlewaretoken") } });
      if (answer.status === 204 && note) note.hidden = false;
    } catch { /* Without a connection the sheet stays as it is, and is sent later. */ }
  }
  form.addEventListener("input", () => { if (note) note.hidden = true; clearTimeout(timer); timer = setTimeout(keep, 1200); });
  form.addEventListener("submit", () => { sent = true; clearTimeout(timer); });
})();
