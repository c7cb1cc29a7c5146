/* Progressive enhancement only: every page works without this file. */

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/* The words stand in the page (templates/parts/words.html), so that they are translated with it. */
const words = $("#words")?.dataset ?? {};
const say = (word, values = {}) =>
  (words[word] ?? "").replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/* ---------- Popover: a non-modal dialog placed after its link ---------- */

const popover = element("div", { className: "popover", id: "popover", tabIndex: -1 });
popover.setAttribute("role", "dialog");
let opener = null;

function place(link) {
  const gap = 12;
  const edge = 16;
  const anchor = link.getBoundingClientRect();
  const parent = (popover.offsetParent ?? document.body).getBoundingClientRect();
  const rtl = getComputedStyle(document.documentElement).direction === "rtl";
  const page = document.documentElement.clientWidth;
  const left = Math.max(edge, Math.min(anchor.left - 24, page - popover.offsetWidth - edge));
  const below = anchor.bottom + gap;
  const above = anchor.top - popover.offsetHeight - gap;
  const top = below + popover.offsetHeight > innerHeight && above > gap ? above : below;
  const inline = rtl ? parent.right - left - popover.offsetWidth : left - parent.left;
  popover.style.setProperty("--popover-inline", `${inline}px`);
  popover.style.setProperty("--popover-block", `${top - parent.top}px`);
}

function closePopover({ focus = false } = {}) {
  if (!opener) return;
  const link = opener;
  opener = null;
  popover.remove();
  link.setAttribute("aria-expanded", "false");
  if (focus) link.focus();
}

function openPopover(link, after, label, content, { focus = true } = {}) {
  closePopover();
  popover.setAttribute("aria-label", label);
  const cross = element("span", { ariaHidden: "true", textContent: "×" });
  const close = element(
    "button",
    { type: "button", className: "btn btn-plain btn-small popover-close" },
    cross,
  );
  close.append(element("span", { className: "vh", textContent: say("close") }));
  close.addEventListener("click", () => closePopover({ focus: true }));
  popover.replaceChildren(close, ...content);
  after.after(popover);
  opener = link;
  link.setAttribute("aria-expanded", "true");
  place(link);
  if (focus) popover.focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closePopover({ focus: true });
});
document.addEventListener("click", (event) => {
  if (opener && !popover.contains(event.target) && !opener.contains(event.target)) closePopover();
});
popover.addEventListener("focusout", (event) => {
  const next = event.relatedTarget;
  if (next && !popover.contains(next) && next !== opener) closePopover();
});

/* ---------- Citations: "4-7" shows all four sources ---------- */

function showSources(link) {
  const numbers = link.dataset.refs.split(",");
  const title = link.textContent.trim();
  const list = element("ol");
  for (const number of numbers) {
    const source = document.getElementById(`ref-${number}`);
    if (!source) continue;
    const item = element("li", { value: number }, ...source.cloneNode(true).childNodes);
    $$(".references-back", item).forEach((back) => back.remove());
    list.append(item);
  }
  const more = element("a", { href: link.hash, textContent: say("allReferences") });
  more.addEventListener("click", () => closePopover());
  const content = [
    element("p", { className: "popover-title", textContent: title }),
    list,
    element("p", { className: "popover-more" }, more),
  ];
  openPopover(link, link.closest(".citation"), title, content);
}

for (const link of $$(".citation a[data-refs]")) {
  link.setAttribute("aria-expanded", "false");
  link.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    if (opener === link) closePopover({ focus: true });
    else showSources(link);
  });
}

/* ---------- Character count: seen at each key, spoken after a pause ---------- */

for (const counter of $$("[data-counts]")) {
  const field = document.getElementById(counter.dataset.counts);
  const limit = Number(counter.dataset.limit);
  const spoken = element("span", { className: "vh" });
  spoken.setAttribute("role", "status");
  counter.after(spoken);
  let timer;
  if (!field || !limit) continue;
  const described = field.getAttribute("aria-describedby") ?? "";
  if (counter.id && !described.split(" ").includes(counter.id)) {
    field.setAttribute("aria-describedby", `${described} ${counter.id}`.trim());
  }
  const count = (event) => {
    const left = limit - [...field.value.normalize("NFC")].length;
    const n = Math.abs(left).toLocaleString(document.documentElement.lang);
    counter.textContent = say((left < 0 ? "over" : "left") + (n === "1" ? "One" : ""), { n });
    counter.classList.toggle("counter-over", left < 0);
    clearTimeout(timer);
    if (event && left < 200) timer = setTimeout(() => (spoken.textContent = counter.textContent), 1000);
  };
  field.addEventListener("input", count);
  count();
}

/* ---------- Contents: mark the section in view ---------- */

const contents = $$(".contents a");
if (contents.length && "IntersectionObserver" in window) {
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        for (const link of contents) {
          if (link.hash === `#${target.id}`) link.setAttribute("aria-current", "location");
          else link.removeAttribute("aria-current");
        }
      }
    },
    { rootMargin: "-10% 0px -75% 0px" },
  );
  contents.forEach((link) => $(link.hash) && seen.observe($(link.hash)));
}

/* ---------- Report: the same form as the full page, in a dialog ---------- */

async function openReport(link) {
  const page = await fetch(link.href);
  if (!page.ok) throw new Error(page.status);
  const parsed = new DOMParser().parseFromString(await page.text(), "text/html");
  const form = $("form.report-form", parsed);
  const title = element("h2", { id: "report-title", textContent: say("report") });
  const cancel = element("button", { type: "button", className: "btn btn-plain", textContent: say("cancel") });
  const dialog = element("dialog", { className: "dialog stack" }, title, form);
  dialog.setAttribute("aria-labelledby", title.id);
  $(".report-cancel", form).replaceWith(cancel);
  cancel.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    link.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  $("input[type=radio]", dialog).focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.report-link");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  openReport(link).catch(() => location.assign(link.href));
});

/* ---------- Load more: the next comments or replies, in place ---------- */

const fetchPage = async (address, options) => {
  const page = await fetch(address, options);
  if (!page.ok) throw new Error(page.status);
  return new DOMParser().parseFromString(await page.text(), "text/html");
};
const nameOf = (item) => $(".comment, .comment-gone", item);
const loading = new Set();

/* Adds what follows to the list that the link names, without what stands there already, and leads the link on. */
async function loadMore(link) {
  const { into } = link.dataset;
  const list = document.getElementById(into);
  const parsed = await fetchPage(link.href);
  const found = parsed.getElementById(into);
  if (!list || !found) throw new Error("no comments");
  const added = [...found.children].filter((item) => !document.getElementById(nameOf(item)?.id));
  list.append(...added);
  added.forEach(showAges);
  const next = $(`a.load-more[data-into="${into}"]`, parsed);
  if (next) {
    link.href = next.href;
    link.replaceChildren(...next.childNodes);
  } else {
    link.parentElement.remove();
  }
  return added;
}

/* The focus goes to the first that came, and how many came is said once. */
async function showMore(link) {
  const added = await loadMore(link);
  const first = added[0] && ($(".comment-name", added[0]) ?? nameOf(added[0]));
  first?.setAttribute("tabindex", "-1");
  first?.focus();
  const count = added.flatMap((item) => [...$$(".comment, .comment-gone", item)]).length;
  const status = $("#thread-status");
  if (status) status.textContent = say(count === 1 ? "addedOne" : "added", { n: count });
  if (link.dataset.into === "thread") remember({ pages: (history.state?.pages ?? 0) + 1 });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.load-more");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  if (loading.has(link)) return;
  loading.add(link);
  showMore(link)
    .catch(() => location.assign(link.href))
    .finally(() => loading.delete(link));
});

/* Coming back finds the list as long as it was left, and at the same place. */
const remember = (more) => history.replaceState({ ...history.state, ...more }, "");
const MOST_PAGES = 10;

async function comeBack({ pages = 0, from = 0 }) {
  for (let page = 0; page < Math.min(pages, MOST_PAGES); page += 1) {
    const link = $('a.load-more[data-into="thread"]');
    if (!link) break;
    await loadMore(link);
  }
  if (!location.hash || scrollY === 0) scrollTo({ top: from, behavior: "instant" });
}

if (history.state?.pages) comeBack(history.state).catch(() => {});
addEventListener("pagehide", () => history.state?.pages && remember({ from: scrollY }));

/* ---------- Acts on a comment: the same form, and the answer in place ---------- */

document.addEventListener("submit", (event) => {
  const form = event.target.closest(".comment-actions form[action$='/helpful/']");
  if (!form) return;
  event.preventDefault();
  const acts = form.closest(".comment-actions");
  const { id } = form.closest(".comment");
  fetchPage(form.action, { method: "POST", body: new FormData(form, event.submitter) })
    .then((parsed) => {
      const now = parsed.getElementById(id)?.querySelector(".comment-actions");
      if (!now) throw new Error("no comment");
      acts.replaceWith(now);
      $("form[action$='/helpful/'] button", now)?.focus();
    })
    .catch(() => location.reload());
});

/* ---------- How far she has read: noted once the conversation has been in view for a moment ---------- */

const reading = $("form.mark-read");

async function markRead() {
  const answer = await fetch(reading.action, { method: "POST", body: new FormData(reading), redirect: "manual" });
  if (answer.type !== "opaqueredirect" && !answer.ok) throw new Error(answer.status);
}

if (reading) {
  reading.addEventListener("submit", (event) => {
    event.preventDefault();
    markRead().then(
      () => {
        const status = $("#thread-status");
        if (status) status.textContent = say("read");
        $$(".thread .tag-new").forEach((tag) => tag.remove());
        reading.parentElement.remove();
        $("#conversation-title")?.setAttribute("tabindex", "-1");
        $("#conversation-title")?.focus({ preventScroll: true });
      },
      () => reading.submit(),
    );
  });
  let timer;
  const seen = new IntersectionObserver((entries) => {
    clearTimeout(timer);
    if (!entries.at(-1).isIntersecting) return;
    timer = setTimeout(() => {
      seen.disconnect();
      markRead().catch(() => {});
    }, 2000);
  });
  const thread = $("#thread");
  if (thread) seen.observe(thread);
}

/* ---------- Ages: pages hold the date, which is the same for everybody; "5 hours ago" is drawn here ---------- */

function showAges(root) {
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "auto" });
  for (const time of $$("time.age[datetime]", root)) {
    const minutes = Math.round((Date.parse(time.dateTime) - Date.now()) / 60000);
    if (!Number.isFinite(minutes) || minutes > 1 || minutes < -7 * 24 * 60) continue;
    time.title = time.textContent.trim();
    if (minutes > -60) time.textContent = words.format(Math.min(minutes, 0), "minute");
    else if (minutes > -24 * 60) time.textContent = words.format(Math.round(minutes / 60), "hour");
    else time.textContent = words.format(Math.round(minutes / 1440), "day");
  }
}
showAges(document);

/* ---------- Drafts: words survive a sign-in or a lost page, in this tab only ---------- */

const kept = (field) => `draft:${field.dataset.keep}`;

try {
  const fields = $$("textarea[data-keep]");
  for (const field of fields) {
    const before = sessionStorage.getItem(kept(field));
    if (before && (!field.value || "keepOver" in field.dataset)) field.value = before;
    field.addEventListener("input", () => sessionStorage.setItem(kept(field), field.value));
    field.form?.addEventListener("submit", () => sessionStorage.setItem("sent", kept(field)));
  }
  const sent = sessionStorage.getItem("sent");
  const cameBack = $("#id_login") || fields.some((field) => kept(field) === sent);
  if (sent && !cameBack) {
    sessionStorage.removeItem(sent);
    sessionStorage.removeItem("sent");
  }
  $("form[action$='/logout/']")?.addEventListener("submit", () => sessionStorage.clear());
} catch {
  /* Storage is closed to us: the server still returns what was typed. */
}

/* ---------- Menus: Escape or a click elsewhere closes them ---------- */

const menus = $$(".account-menu, .menu");
document.addEventListener("click", ({ target }) => {
  for (const menu of menus) if (menu.open && !menu.contains(target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus) {
    if (!menu.open) continue;
    menu.open = false;
    $("summary", menu).focus();
  }
});

/* ---------- Small things ---------- */

$(".error-summary, .focus-first")?.focus();
/* Her own comment has the focus right after it was sent, when the address ends in its id; on later visits it has not.
   Until the page is loaded the browser itself moves the focus to what the address names. */
addEventListener("load", () => $(".comment-pending:has(:target) > .notice")?.focus());

const themes = $$(".theme-switch");
const root = document.documentElement;

function showTheme() {
  for (const button of themes.flatMap((group) => $$("button", group))) {
    button.setAttribute("aria-pressed", String(button.value === (root.dataset.theme ?? "system")));
  }
}

for (const group of themes) {
  group.hidden = false;
  group.addEventListener("click", ({ target }) => {
    if (!target.value) return;
    if (target.value === "system") delete root.dataset.theme;
    else root.dataset.theme = target.value;
    showTheme();
    try {
      if (target.value === "system") localStorage.removeItem("theme");
      else localStorage.setItem("theme", target.value);
    } catch {
      /* Storage is closed to us: the choice lasts for this page. */
    }
  });
}
showTheme();

for (const button of $$(".print-button")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    root.classList.toggle("print-with-conversation", button.value === "conversation");
    print();
  });
}
