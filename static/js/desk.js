/* Desk comforts: shortcuts, "select all", a guard over unsaved text. Everything works without this file. */

const $ = (selector) => document.querySelector(selector);
const $$ = (selector) => [...document.querySelectorAll(selector)];

/* ---------- Shortcuts: one key, one link or button ---------- */

const keys = {
  j: ".key-next",
  k: ".key-previous",
  a: ".key-approve",
  r: ".key-reject",
  h: ".key-hold",
  e: ".key-escalate",
  m: ".key-medical",
  s: ".key-record",
  x: ".queue-row-current input",
  z: ".key-undo",
};

/* Off in text fields, with modifiers, in dialogs, or by choice (WCAG 2.1.4). */
function isTyping(target) {
  return target.closest(
    "input:not([type=checkbox], [type=radio]), textarea, select, dialog, [contenteditable]",
  );
}

const hasKeys = Boolean($(".moderation[data-keys]"));

document.addEventListener("keydown", (event) => {
  if (!hasKeys || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
  const help = $("#shortcut-help");
  if (event.key === "?" && help) {
    event.preventDefault();
    help.showModal();
    return;
  }
  /* A number chooses a reason; where no reasons are open it goes to a lane. */
  const reasons = $$(".reasons input[type=radio]");
  const numbered = reasons.length ? reasons : $$(".desk-tabs a").slice(0, 7);
  const reason = /^[1-9]$/.test(event.key) && numbered[Number(event.key) - 1];
  const control = reason || $(keys[event.key.toLowerCase()] ?? ":not(*)");
  if (!control) return;
  event.preventDefault();
  control.focus();
  control.click();
});

/* Where keys are off, or without this file, their hints say nothing true. */
for (const hint of $$("[data-shortcut-hint], .decide kbd, .steps kbd, .reasons kbd")) hint.hidden = !hasKeys;

/* Shown once the keys work. */
for (const form of $$(".shortcuts-switch")) form.hidden = false;

for (const button of $$(".shortcuts-open")) {
  button.hidden = false;
  button.addEventListener("click", () => $("#shortcut-help").showModal());
}

/* ---------- Undo: ten seconds, longer while somebody is at it ---------- */

const undo = $(".undo");
if (undo) {
  const toasts = $(".toasts");
  let left = 10;
  undo.className = "toast undo";
  undo.querySelector("p").textContent = undo.dataset.said;
  toasts.append(undo);
  const clock = setInterval(() => {
    if (undo.matches(":hover, :focus-within")) return;
    left -= 1;
    if (left > 0) return;
    clearInterval(clock);
    undo.remove();
  }, 1000);
}

/* ---------- What came in meanwhile: said, and never put into the list by itself ---------- */

const news = $(".queue-news");
if (news) {
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(news.dataset.news, { headers: { Accept: "application/json" } });
      const { words } = answer.ok ? await answer.json() : {};
      if (!words || news.textContent === words) return;
      const link = document.createElement("a");
      link.href = news.dataset.show;
      link.textContent = words;
      news.replaceChildren(link);
    } catch {
      /* Away from the network: the next time will do. */
    }
  }, Number(news.dataset.every ?? 30) * 1000);
}

/* ---------- Words to take out: what is selected in the comment goes into the first empty field ---------- */

const redaction = $("form[data-redact]");
if (redaction) {
  const fields = $$("form[data-redact] input[name^=out]");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-outline btn-small";
  button.textContent = redaction.dataset.redact;
  fields.at(-1).closest(".form-row").after(button);
  const selected = () => {
    const selection = getSelection();
    const body = $(".comment-card .comment-body");
    return body?.contains(selection.anchorNode) && body.contains(selection.focusNode) ? String(selection).trim() : "";
  };
  let words = "";
  document.addEventListener("selectionchange", () => (words = selected() || words));
  button.addEventListener("click", () => {
    const empty = fields.find((field) => !field.value);
    if (!words || !empty) return;
    empty.value = words;
    empty.focus();
    words = "";
  });
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
