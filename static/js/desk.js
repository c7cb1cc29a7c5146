/* Desk comforts: shortcuts, "select all", a guard over unsaved text. Everything works without this file. */

const $ = (selector) => document.querySelector(selector);
const $$ = (selector) => [...document.querySelectorAll(selector)];

/* ---------- Shortcuts: one key, one link or button ---------- */

const keys = {
  j: ".key-next",
  k: ".key-previous",
  a: ".key-approve",
  r: ".key-reject",
  e: ".key-escalate",
  m: ".key-medical",
  x: ".queue-row-current input",
  z: ".key-undo",
};

/* Off in text fields, with modifiers, in dialogs, or by choice (WCAG 2.1.4). */
function isTyping(target) {
  return target.closest(
    "input:not([type=checkbox], [type=radio]), textarea, select, dialog, [contenteditable]",
  );
}

function stored(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function store(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    /* Storage is closed to us: the choice lasts for this page. */
  }
}

let shortcuts = stored("shortcuts") !== "off";
const queue = $(".moderation");

document.addEventListener("keydown", (event) => {
  if (!queue || !shortcuts || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
  const help = $("#shortcut-help");
  if (event.key === "?" && help) {
    event.preventDefault();
    help.showModal();
    return;
  }
  const reason = /^[1-9]$/.test(event.key) && $$(".reasons input[type=radio]")[Number(event.key) - 1];
  const control = reason || $(keys[event.key.toLowerCase()] ?? ":not(*)");
  if (!control) return;
  event.preventDefault();
  control.focus();
  control.click();
});

/* The switch carries both sentences: data-on is shown while shortcuts are on. */
for (const button of $$(".shortcuts-switch")) {
  const show = () => {
    button.textContent = shortcuts ? button.dataset.on : button.dataset.off;
    for (const hint of $$("[data-shortcut-hint], .decide kbd, .reasons kbd")) hint.hidden = !shortcuts;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    shortcuts = !shortcuts;
    store("shortcuts", shortcuts ? "on" : "off");
    show();
  });
  show();
}

/* ---------- Lists ---------- */

/* On a phone the current lane may be out of view. */
for (const current of $$(".tabs [aria-current], .desk-nav [aria-current]")) {
  current.scrollIntoView({ block: "nearest", inline: "center" });
}

$(".select-all")?.addEventListener("change", ({ target }) => {
  for (const box of $$(".queue-row input[type=checkbox]")) box.checked = target.checked;
});

/* ---------- Unsaved text: ask before leaving ---------- */

for (const form of $$("form[data-guard]")) {
  let changed = Boolean($(".error-summary"));
  form.addEventListener("input", () => (changed = true));
  form.addEventListener("submit", () => (changed = false));
  addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
}

/* ---------- A link that cannot be followed yet says why and stays ---------- */

document.addEventListener("click", (event) => {
  if (event.target.closest("[aria-disabled=true]")) event.preventDefault();
});
