// What pages do beyond links and forms. No inline code anywhere: behaviour hangs on data attributes.
(function () {
  "use strict";
  const script = document.currentScript;
  const texts = () => document.getElementById("texts").dataset;
  const announce = (text) => { document.getElementById("announce").textContent = text; };

  /* ---- appearance ---- */
  document.addEventListener("change", (event) => {
    if (event.target.matches(".theme-choice input[name=theme]")) window.chooseTheme(event.target.value);
  });

  /* ---- charts ---- */
  let echarts = null;
  const charts = new Map();
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // A chart may ask for a colour of the house by its name, which each theme has in its own shade.
  const coloured = (key, value) => (key === "color" && typeof value === "string" && value.startsWith("--") ? css(value) : value);

  function loadCharts() {
    if (!echarts) {
      echarts = new Promise((resolve, reject) => {
        const tag = document.createElement("script");
        tag.src = script.dataset.echarts;
        tag.onload = () => resolve(window.echarts);
        tag.onerror = reject;
        document.head.append(tag);
      });
    }
    return echarts;
  }

  function themed() {
    const ink = css("--ink-2"), line = css("--line");
    const axis = { axisLine: { lineStyle: { color: css("--line-strong") } }, axisTick: { show: false }, axisLabel: { color: ink, hideOverlap: true }, splitLine: { lineStyle: { color: line } }, nameTextStyle: { color: ink } };
    const dark = document.documentElement.dataset.bsTheme === "dark";
    return {
      color: [css("--accent-text"), ...(dark ? ["#5fc9b0", "#f0b866", "#c39bf0", "#f28b93", "#8fa3bf"] : ["#0f8a72", "#b3690b", "#7a4fc0", "#c2414b", "#5d6b82"])],
      textStyle: { color: ink, fontFamily: css("--tblr-font-sans-serif") },
      title: { textStyle: { color: css("--ink") } },
      legend: { textStyle: { color: ink }, inactiveColor: css("--line-strong") },
      categoryAxis: { ...axis, splitLine: { show: false } }, valueAxis: axis, timeAxis: axis, logAxis: axis,
      line: { symbol: "circle", symbolSize: 6, lineStyle: { width: 2 }, smooth: false },
      bar: { itemStyle: { borderRadius: [3, 3, 0, 0] }, barMaxWidth: 36, label: { color: ink, textBorderWidth: 0 } },
    };
  }

  function completed(option) {
    const tooltip = { renderMode: "richText", backgroundColor: css("--surface"), borderColor: css("--line-strong"), borderWidth: 1, textStyle: { color: css("--ink"), fontSize: 12 } };
    return {
      aria: { enabled: true, decal: { show: false } },
      animation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
      animationDuration: 350,
      grid: { left: 8, right: 16, top: 32, bottom: 8, containLabel: true },
      ...option,
      tooltip: { trigger: "axis", ...tooltip, ...(option.tooltip || {}), renderMode: "richText" },
    };
  }

  async function drawCharts(root) {
    const areas = [...root.querySelectorAll("[data-chart]")].filter((area) => !charts.has(area));
    if (!areas.length) return;
    let library;
    try { library = await loadCharts(); } catch { announce(texts().noChart); return; }
    for (const area of areas) {
      if (charts.has(area) || !area.isConnected) continue;
      area.style.height = area.dataset.height + "px";
      const chart = library.init(area, themed(), { renderer: "svg" });
      chart.setOption(completed(JSON.parse(document.getElementById(area.dataset.chart).textContent, coloured)));
      chart.on("click", ({ data }) => { if (data?.url) location.assign(data.url); });
      charts.set(area, chart);
      resizes.observe(area);
    }
  }
  const resizes = new ResizeObserver((entries) => {
    for (const { target } of entries) charts.get(target)?.resize();
  });
  function dropCharts(isGone) {
    for (const [area, chart] of charts) {
      if (isGone(area)) { resizes.unobserve(area); chart.dispose(); charts.delete(area); }
    }
  }
  document.addEventListener("theme", () => { dropCharts(() => true); drawCharts(document); });

  /* ---- forms: nothing typed is lost, nothing is sent twice ---- */
  const state = (form) => new URLSearchParams([...new FormData(form)].filter(([key, value]) => key !== "csrfmiddlewaretoken" && typeof value === "string")).toString();
  const before = new WeakMap();
  let leaving = false;
  function watchForms(root) {
    // What is looked at first, or built anew while people are at it, is not what has been saved.
    const anew = root.closest?.("#editor, #products") && (root.querySelector("form[data-guard]") || root.closest("form[data-guard]"));
    if (anew) before.set(anew, null);
    for (const form of root.querySelectorAll("form[data-guard]")) {
      if (!before.has(form)) before.set(form, form.querySelector(".is-invalid, [name=previewed]") ? null : state(form));
    }
  }
  const isDirty = (form) => before.has(form) && before.get(form) !== state(form);
  window.addEventListener("beforeunload", (event) => {
    if (leaving || ![...document.querySelectorAll("form[data-guard]")].some(isDirty)) return;
    event.preventDefault();
  });
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.dataset.confirm && !form.dataset.confirmed) {
      event.preventDefault();
      if (await ask(form.dataset.confirm)) {
        form.dataset.confirmed = "yes";
        form.requestSubmit(event.submitter);
      }
      return;
    }
    if (form.method !== "post" || event.defaultPrevented) return;
    if (keeping.has(form)) { event.preventDefault(); form.dataset.held = event.submitter?.value || "save"; return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    leaving = true;
    wakeUp();
    // After the browser has read which button it was.
    setTimeout(() => event.submitter?.classList.add("is-busy"), 0);
  });
  // What is typed into a form while it is fetched anew, with one more row, would be lost with the old one: until then it
  // takes nothing.
  document.addEventListener("htmx:beforeRequest", ({ detail: { elt, target } }) => {
    if (elt.matches?.("button[hx-select]") && target?.contains(elt)) target.inert = true;
  });
  document.addEventListener("htmx:afterRequest", ({ detail: { target } }) => { if (target) target.inert = false; });
  // Forms that are kept while people type: what has been kept is not lost by leaving, and a form is sent only when
  // the last keeping has answered, because its answer carries the version.
  const keeping = new WeakMap();
  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.detail.elt;
    if (!form.matches?.("form[data-autosave]")) return;
    if (form.dataset.sent) event.preventDefault(); else keeping.set(form, state(form));
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt;
    if (!keeping.has(form)) return;
    if (event.detail.successful && document.querySelector("#outlook [data-kept]")) before.set(form, keeping.get(form));
    keeping.delete(form);
    if (form.dataset.held) {
      const button = form.querySelector(`button[name=then][value=${form.dataset.held}]:not(.d-none)`);
      delete form.dataset.held;
      form.requestSubmit(button);
    }
  });
  window.addEventListener("pageshow", () => {
    leaving = false;
    for (const form of document.querySelectorAll("form[data-sent]")) { delete form.dataset.sent; delete form.dataset.confirmed; }
    for (const button of document.querySelectorAll(".is-busy")) button.classList.remove("is-busy");
  });
  function ask(text) {
    const dialog = document.getElementById("confirm");
    document.getElementById("confirm-text").textContent = text;
    dialog.returnValue = "cancel";
    dialog.showModal();
    return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok"), { once: true }));
  }
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    announce(texts().copied);
    button.textContent = texts().copied;
  });

  /* ---- calling somebody: @ offers the names of those who will read it ---- */
  let offer = null;
  const namesOf = (area) => JSON.parse(document.getElementById(area.dataset.mentions)?.textContent || "[]");
  function closeOffer() {
    offer?.area.removeAttribute("aria-activedescendant");
    offer?.list.remove();
    offer = null;
  }
  function choose(index) {
    offer.index = (index + offer.list.children.length) % offer.list.children.length;
    [...offer.list.children].forEach((item, n) => item.setAttribute("aria-selected", String(n === offer.index)));
    offer.area.setAttribute("aria-activedescendant", offer.list.children[offer.index].id);
    offer.list.children[offer.index].scrollIntoView({ block: "nearest" });
  }
  function take() {
    const { area, start } = offer, name = offer.list.children[offer.index].textContent;
    area.setRangeText(`@${name} `, start, area.selectionStart, "end");
    closeOffer();
    area.focus();
  }
  document.addEventListener("input", (event) => {
    const area = event.target;
    if (!area.matches?.("textarea[data-mentions]")) return;
    closeOffer();
    const typed = area.value.slice(0, area.selectionStart).match(/(^|[^\w@])@([^@\n]{0,40})$/);
    if (!typed) return;
    const wanted = typed[2].toLowerCase();
    const names = namesOf(area).filter((name) => ` ${name.toLowerCase()}`.includes(` ${wanted}`)).slice(0, 8);
    if (!names.length || names[0].toLowerCase() === wanted.trimEnd()) return;
    const list = document.createElement("ul");
    list.className = "mention-list";
    list.id = "mention-list";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", texts().people);
    names.forEach((name, n) => {
      const item = document.createElement("li");
      Object.assign(item, { id: `mention-${n}`, textContent: name });
      item.setAttribute("role", "option");
      item.addEventListener("pointerdown", (press) => { press.preventDefault(); choose(n); take(); });
      list.append(item);
    });
    area.after(list);
    area.setAttribute("aria-controls", list.id);
    area.setAttribute("aria-autocomplete", "list");
    offer = { area, list, start: area.selectionStart - typed[2].length - 1, index: 0 };
    choose(0);
  });
  document.addEventListener("keydown", (event) => {
    if (!offer || event.target !== offer.area) return;
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move) choose(offer.index + move);
    else if (event.key === "Enter" || event.key === "Tab") take();
    else if (event.key === "Escape") closeOffer();
    else return;
    event.preventDefault();
  });
  document.addEventListener("focusout", (event) => { if (offer && event.target === offer.area) closeOffer(); });

  /* ---- live pages: ask for a small token, and fetch the page again when it has changed ---- */
  const SOON = 1000, LATER = 10000, AWAKE = 30000, RECENT = 20;
  let token = null, awakeUntil = Date.now() + AWAKE, timer = 0, refreshing = false, again = false;
  const sources = new Map();
  const cleaned = (element) => element.outerHTML.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "").replace(/X-CSRFToken[^}]*/g, "");

  function remember(root) {
    for (const element of root.querySelectorAll("[data-live]")) sources.set(element.id, cleaned(element));
  }
  function schedule(delay) {
    clearTimeout(timer);
    if (document.visibilityState === "visible" && document.body.dataset.pulse) timer = setTimeout(pulse, delay);
  }
  const pause = () => (Date.now() < awakeUntil ? SOON : LATER);
  function wakeUp() {
    const slept = Date.now() >= awakeUntil;
    awakeUntil = Date.now() + AWAKE;
    if (slept) schedule(0);
  }
  async function pulse() {
    try {
      const response = await fetch(document.body.dataset.pulse, { headers: { Accept: "application/json" }, redirect: "manual", cache: "no-store" });
      if (response.type === "opaqueredirect" || response.status === 401 || response.status === 404) return signedOut();
      if (response.ok) {
        const answer = await response.json();
        // What happened while this page was being made may be missing from it, so the first look counts recent events too.
        const changed = token === null ? answer.age !== null && answer.age < RECENT : answer.token !== token;
        token = answer.token;
        if (changed) {
          document.body.dispatchEvent(new CustomEvent("pulse"));
          await refresh();
        }
      }
    } catch { /* offline: the next turn tries again */ }
    schedule(pause());
  }
  function signedOut() {
    const alert = document.createElement("div");
    alert.className = "alert alert-warning";
    alert.textContent = texts().signedOut;
    document.querySelector(".messages")?.append(alert);
  }
  async function refresh() {
    if (refreshing) { again = true; return; }
    refreshing = true;
    const groups = new Map();
    for (const element of document.querySelectorAll("[data-live]")) {
      const url = element.dataset.live || location.href;
      groups.set(url, [...(groups.get(url) || []), element]);
    }
    let changed = false;
    try {
      await Promise.all([...groups].map(async ([url, elements]) => {
        const response = await fetch(url, { headers: { "X-Portal-Live": "true" }, redirect: "manual", cache: "no-store" });
        if (!response.ok) throw new Error(`The page answered ${response.status}.`);
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        for (const element of elements) changed = replace(element, page.getElementById(element.id)) || changed;
      }));
    } catch {
      token = ""; // the next turn finds a change and tries again
    } finally {
      refreshing = false;
    }
    if (changed) announce(texts().updated);
    if (again) { again = false; refresh(); }
  }
  function isBusy(element) {
    const focused = document.activeElement;
    if (element.contains(focused) && focused.matches("input, textarea, select")) return true;
    if ([...element.querySelectorAll("input[type=file]")].some((input) => input.files.length)) return true;
    if (element.querySelector("[data-pick]:checked")) return true;
    return [...element.querySelectorAll("form[data-guard]")].some(isDirty) || element.querySelector(".dropdown-menu.show") !== null;
  }
  function replace(old, fresh) {
    if (!fresh || !old.isConnected) return false;
    const source = cleaned(fresh);
    if (sources.get(old.id) === source || isBusy(old)) return false;
    sources.set(old.id, source);
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const place = focused && [...old.querySelectorAll("a, button, summary")].indexOf(focused);
    const open = [...old.querySelectorAll("details")].map((details) => details.open);
    const element = document.importNode(fresh, true);
    old.replaceWith(element);
    [...element.querySelectorAll("details")].forEach((details, index) => { if (open[index]) details.open = true; });
    if (focused) (focused.id && document.getElementById(focused.id) || element.querySelectorAll("a, button, summary")[place])?.focus({ preventScroll: true });
    window.htmx?.process(element);
    start(element);
    element.classList.add("was-updated");
    return true;
  }
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, wakeUp, { passive: true });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") { wakeUp(); schedule(0); } else clearTimeout(timer); });

  /* ---- start, and again for what was swapped in ---- */
  function start(root) {
    dropCharts((area) => !area.isConnected);
    drawCharts(root);
    watchForms(root);
    // Who has gone on typing elsewhere is not called away.
    if (!document.activeElement?.matches("input, select, textarea") || root.contains(document.activeElement)) root.querySelector("[data-focus]")?.focus();
  }
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt === document.body) return;
    const element = event.detail.elt;
    if (element.matches?.("[data-live]")) sources.set(element.id, cleaned(element));
    start(element);
  });
  // Answers that carry a form's errors are shown as well.
  document.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.xhr.status === 422) { event.detail.shouldSwap = true; event.detail.isError = false; } });
  document.addEventListener("htmx:responseError", (event) => { if ([401, 404].includes(event.detail.xhr.status) && event.detail.pathInfo.requestPath === document.body.dataset.pulse) signedOut(); });
  document.body.addEventListener("htmx:afterRequest", (event) => { if (event.detail.requestConfig?.verb !== "get") wakeUp(); });
  document.querySelector(".sidebar [aria-current]")?.scrollIntoView({ block: "nearest" });
  remember(document);
  start(document);
  schedule(350);

  // Sections of the side bar stay as the person left them; the one that this page is in is open all the same.
  const SECTIONS = "sections";
  function keptSections() { try { return JSON.parse(localStorage.getItem(SECTIONS)) || {}; } catch { return {}; } }
  for (const section of document.querySelectorAll("details[data-keep]")) {
    const kept = keptSections()[section.dataset.keep];
    if (kept !== undefined && !section.querySelector("[aria-current]")) section.open = kept;
    section.addEventListener("toggle", () => {
      try { localStorage.setItem(SECTIONS, JSON.stringify({ ...keptSections(), [section.dataset.keep]: section.open })); } catch { /* a full or forbidden store only forgets */ }
    });
  }
})();
