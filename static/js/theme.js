// Runs before the first paint, so that a dark page does not flash white.
(function () {
  "use strict";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  // A page that does not know who looks at it (an error's) leaves the choice to what was kept.
  const kept = () => (/(?:^|;\s*)theme=(light|dark|auto)(?:;|$)/.exec(document.cookie) || [])[1] || "auto";
  function apply() {
    const choice = root.dataset.themeChoice || kept();
    root.dataset.bsTheme = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
    document.dispatchEvent(new CustomEvent("theme"));
  }
  window.chooseTheme = function (choice) {
    if (!["light", "dark", "auto"].includes(choice)) return;
    root.dataset.themeChoice = choice;
    document.cookie = "theme=" + choice + "; path=/; max-age=31536000; samesite=lax";
    apply();
  };
  dark.addEventListener("change", apply);
  apply();
})();
