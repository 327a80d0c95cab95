// What the result panel does: the `js_on_load` of a gr.HTML, run once with `element` and `trigger`.
// Gradio writes each new value over what stands below `element`, so every listener is on `element` itself, and what
// the reader had opened, typed or focused is put back afterwards. Python gets, through trigger("select", …):
// {kind: "edit", index, text} and {kind: "undo", index}.

const drafts = new Map(); // segment → what was typed and not saved
const opened = new Set(); // the keys of the details that are open
let editing = null; // the segment whose editor is open
let waiting = null; // the segment that was changed, and where it stood, until the new value is here
let held = []; // the segments of the citation that was followed
let origin = null; // that citation
let version, article;

const panel = () => element.querySelector(".khulasa[data-version]");
const pair = (index) => element.querySelector(`.pair[data-index="${index}"]`);
const indexOf = (node) => Number(node.closest(".pair").dataset.index);
const calm = () => panel()?.classList.contains("long") || matchMedia("(prefers-reduced-motion: reduce)").matches;

function say(text) {
  const status = element.querySelector(".said");
  if (status) status.textContent = text;
}

// Citations: exactly the segments that one rests on light up, on both sides.

function cited(node) {
  const numbers = node.closest?.("[data-cites]")?.dataset.cites ?? "";
  return numbers.split(" ").filter(Boolean);
}

function light(indices) {
  for (const lit of element.querySelectorAll(".pair.lit")) lit.classList.remove("lit");
  for (const index of indices) pair(index)?.classList.add("lit");
}

function show(node) {
  node.scrollIntoView({ block: "center", behavior: calm() ? "instant" : "smooth" });
  node.focus({ preventScroll: true });
}

function follow(button) {
  held = cited(button);
  origin = button;
  light(held);
  if (held.length) show(pair(held[0]));
}

function release() {
  held = [];
  light(held);
}

function back(index) {
  const from = origin?.isConnected && cited(origin).includes(String(index)) ? origin : null;
  const citation = from ?? element.querySelector(`.summary .cite[data-cites="${index}"]`);
  release();
  if (citation) show(citation);
}

// Edits: an editor in place of the English sentence; one at a time.

const said = (target) => (target.querySelector("em") ? "" : target.textContent);

function make(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

function edit(index) {
  close();
  const place = pair(index);
  if (!place) return;
  const target = place.querySelector(".target");
  const box = make("textarea", {
    value: drafts.get(index) ?? said(target),
    lang: "en",
    dir: "ltr",
    maxLength: Number(panel().dataset.most),
    rows: Math.max(2, Math.ceil(target.textContent.length / 60)),
  });
  box.setAttribute("aria-label", `Translation of segment ${index + 1}`);
  const form = make("form", { className: "editor" });
  const row = make("div", { className: "buttons" });
  row.append(
    make("button", { type: "submit", className: "save", textContent: "Save" }),
    make("button", { type: "button", textContent: "Cancel" }),
    make("span", { className: "wrong" }),
  );
  row.children[1].dataset.act = "cancel";
  row.lastChild.setAttribute("role", "alert");
  form.append(box, row);
  place.classList.add("editing");
  target.after(form);
  editing = index;
  box.focus({ preventScroll: true });
  form.scrollIntoView({ block: "nearest" });
}

function close() {
  element.querySelector(".editor")?.remove();
  for (const place of element.querySelectorAll(".pair.editing")) place.classList.remove("editing");
  editing = null;
}

function cancel() {
  const index = editing;
  drafts.delete(index);
  close();
  pair(index)?.querySelector("[data-act=edit]").focus({ preventScroll: true });
}

function save(form) {
  const index = indexOf(form);
  const text = form.querySelector("textarea").value.trim();
  if (!text) {
    form.querySelector(".wrong").textContent = "Write a sentence, or cancel.";
  } else if (text === said(pair(index).querySelector(".target"))) {
    cancel();
  } else {
    change(index, { kind: "edit", index, text });
  }
}

function change(index, what) {
  const place = pair(index);
  if (place.getAttribute("aria-busy") === "true") return;
  place.setAttribute("aria-busy", "true");
  waiting = { index, top: place.getBoundingClientRect().top };
  setTimeout(() => place.removeAttribute("aria-busy"), 30000); // whoever refuses it sends no new value
  trigger("select", what);
}

// A new value: another article begins anew; of the same one, everything is put back.

function renewed() {
  const now = panel()?.dataset;
  if (now?.version === version) return;
  const same = now?.article === article;
  ({ version, article } = now ?? {});
  if (!same) {
    drafts.clear();
    opened.clear();
    held = [];
    editing = waiting = origin = null;
    return;
  }
  for (const details of element.querySelectorAll("details[data-key]")) {
    if (opened.has(details.dataset.key)) details.open = true;
  }
  const at = document.activeElement;
  const ours = !at || at === document.body || element.contains(at);
  if (waiting) settle(waiting, ours);
  waiting = null;
  if (editing !== null) edit(editing);
  light(held);
}

function settle({ index, top }, ours) {
  drafts.delete(index);
  if (editing === index) editing = null;
  const place = pair(index);
  window.scrollBy({ top: place.getBoundingClientRect().top - top, behavior: "instant" });
  if (editing === null && ours) place.querySelector("[data-act=edit]")?.focus({ preventScroll: true });
  say(`The translation of segment ${index + 1} was changed.`);
}

const acts = {
  edit: (button) => edit(indexOf(button)),
  cancel: () => cancel(),
  back: (button) => back(indexOf(button)),
  undo: (button) => change(indexOf(button), { kind: "undo", index: indexOf(button) }),
  use: (button) => {
    const text = button.closest("li").querySelector("p").textContent;
    change(indexOf(button), { kind: "edit", index: indexOf(button), text });
  },
};

element.addEventListener("mouseover", (event) => {
  const numbers = cited(event.target);
  light(numbers.length ? numbers : held);
});
element.addEventListener("mouseleave", () => light(held));
element.addEventListener("focusin", (event) => {
  const numbers = cited(event.target);
  light(numbers.length ? numbers : held);
});
element.addEventListener("focusout", () => light(held));
element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button || !panel()?.contains(button)) {
    if (!event.target.closest(".pair")) release();
  } else if (button.classList.contains("cite")) {
    follow(button);
  } else {
    acts[button.dataset.act]?.(button);
  }
});
element.addEventListener("submit", (event) => {
  if (!event.target.matches(".editor")) return;
  event.preventDefault();
  save(event.target);
});
element.addEventListener("input", (event) => {
  if (!event.target.matches(".editor textarea")) return;
  const place = event.target.closest(".pair");
  place.removeAttribute("aria-busy");
  place.querySelector(".wrong").textContent = "";
  drafts.set(indexOf(place), event.target.value);
});
element.addEventListener("keydown", (event) => {
  const box = event.target.closest(".editor");
  if (event.key === "Escape" && box) {
    event.stopPropagation();
    cancel();
  } else if (event.key === "Escape" && held.length) {
    back(held[0]);
  } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && box) {
    event.preventDefault();
    event.stopPropagation();
    box.requestSubmit();
  }
});
element.addEventListener(
  "toggle",
  (event) => {
    const key = event.target.dataset.key;
    if (key) opened[event.target.open ? "add" : "delete"](key);
  },
  true,
);

new MutationObserver(renewed).observe(element, {
  subtree: true,
  childList: true,
  attributes: true,
  attributeFilter: ["data-version"],
});
renewed();
