// What scripts add to pages that work without them. Everything is asked for in the HTML by a data attribute; every sentence comes
// from there too, translated. Browser floor: Chrome 109, Firefox 115.

const COPIED_FOR_MS = 2000;
const SECOND_CLICK_MS = 2000;
const POLL_EVERY_MS = 2000;
const POLL_AT_MOST_MS = 60_000;
const SPOKEN_EVERY_PERCENT = 10;

/** A form is sent once: a second click within two seconds is ignored. The server's once-key guards what comes later. */
function sendOnce(form) {
  let sentAt = -Infinity;
  form.addEventListener("submit", (event) => {
    if (event.timeStamp - sentAt < SECOND_CLICK_MS) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    sentAt = event.timeStamp;
    form.setAttribute("aria-busy", "true");
    setTimeout(() => form.removeAttribute("aria-busy"), SECOND_CLICK_MS);
  });
}

/** A button that shows the password it stands beside. */
function showPassword(button) {
  const field = document.getElementById(button.dataset.show);
  const show = (visible) => {
    field.type = visible ? "text" : "password";
    button.textContent = visible ? button.dataset.textHide : button.dataset.textShow;
  };
  button.hidden = false;
  button.addEventListener("click", () => show(field.type === "password"));
  // Hidden again before it is sent, so that browsers do not remember it as a text.
  field.form.addEventListener("submit", () => show(false));
}

/** A button that copies a reference or an id. */
function copy(button) {
  if (!navigator.clipboard) return;
  const label = button.firstChild;
  const text = label.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    label.textContent = button.dataset.textCopied;
    setTimeout(() => { label.textContent = text; }, COPIED_FOR_MS);
  });
}

/** What several fields say together: `data-preview="region township name"`, those in `data-preview-upper` in capital letters. */
function preview(line) {
  const names = line.dataset.preview.split(" ");
  const upper = (line.dataset.previewUpper ?? "").split(" ");
  const fields = names.map((name) => document.getElementById(name));
  const show = () => {
    const words = fields.map((field) => {
      const text = field.value.trim().replace(/\s+/g, " ");
      return upper.includes(field.name) ? text.toUpperCase() : text;
    });
    line.textContent = words.every((word) => word === "") ? line.dataset.previewEmpty : words.map((word) => word || "…").join(" - ");
  };
  for (const field of fields) field.addEventListener("input", show);
  show();
}

/** A table too wide for the screen can be scrolled with the keyboard. */
function scrollable(frame) {
  if (frame.scrollWidth > frame.clientWidth) frame.tabIndex = 0;
}

/** A part of the page that is asked for again until the server says that it will not change any more. */
function poll(part) {
  const spoken = document.querySelector(`[data-announce="${part.dataset.announceTo}"]`);
  let tag = null;
  let wait = POLL_EVERY_MS;
  let timer = 0;
  let spokenAt = Number(part.querySelector("[data-percent]")?.dataset.percent ?? 0);

  const speak = (last) => {
    const line = part.querySelector("[data-percent]");
    if (!spoken || !line) return;
    const percent = Number(line.dataset.percent);
    if (!last && percent - spokenAt < SPOKEN_EVERY_PERCENT) return;
    spokenAt = percent;
    spoken.textContent = line.textContent;
  };

  const ask = async () => {
    timer = 0;
    let last = false;
    try {
      const headers = tag ? { "If-None-Match": tag } : {};
      const answer = await fetch(part.dataset.poll, { headers, credentials: "same-origin", redirect: "error", cache: "no-store" });
      last = answer.status === 204 || answer.headers.get("Outlay-Poll") === "stop";
      if (answer.status === 200) {
        tag = answer.headers.get("ETag");
        replace(part, await answer.text());
        speak(last);
      }
      if (!answer.ok && answer.status !== 304) throw new Error(String(answer.status));
      wait = POLL_EVERY_MS;
    } catch {
      wait = Math.min(wait * 2, POLL_AT_MOST_MS);
    }
    if (!last && part.isConnected) again();
  };

  const again = () => {
    if (!document.hidden && timer === 0) timer = setTimeout(ask, wait);
  };

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    timer = 0;
    if (!document.hidden && part.isConnected) ask();
  });
  again();
}

/** New content for a part, unless the reader is just using a link in it: then it keeps the focus. */
function replace(part, html) {
  const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  part.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  if (focused) [...part.querySelectorAll("a[href]")].find((link) => link.getAttribute("href") === focused)?.focus();
  start(part);
}

/** Shows how much of a file has been sent; without it the browser's own sign of loading is there. */
function upload(form) {
  const shown = form.querySelector("[data-upload-progress]");
  if (!shown) return;
  const bar = shown.querySelector("progress");
  const line = shown.querySelector("[role=status]");
  let spokenAt = -SPOKEN_EVERY_PERCENT;
  let sending = false;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (sending) return;
    sending = true;
    const request = new XMLHttpRequest();
    request.open(form.method, form.action);
    request.upload.addEventListener("progress", ({ loaded, total, lengthComputable }) => {
      if (!lengthComputable) return;
      const percent = Math.floor((loaded * 100) / total);
      bar.value = percent;
      if (percent - spokenAt < SPOKEN_EVERY_PERCENT && percent < 100) return;
      spokenAt = percent;
      line.textContent = percent < 100 ? shown.dataset.textSending.replace("{percent}", percent) : shown.dataset.textReading;
    });
    request.addEventListener("load", () => become(request.responseText, request.responseURL));
    for (const failure of ["error", "abort", "timeout"]) {
      request.addEventListener(failure, () => {
        line.textContent = shown.dataset.textBroken;
        sending = false;
      });
    }
    spokenAt = -SPOKEN_EVERY_PERCENT;
    shown.hidden = false;
    request.send(event.submitter ? withButton(new FormData(form), event.submitter) : new FormData(form));
  });
}

function withButton(data, button) {
  if (button.name) data.append(button.name, button.value);
  return data;
}

/** The page becomes the answer to its form, as it would without the script. Asking for it again would lose what it says only once. */
function become(html, address) {
  const next = new DOMParser().parseFromString(html, "text/html");
  history.pushState(null, "", address);
  // Back must load the page that was there, not only change the address.
  addEventListener("popstate", () => location.reload(), { once: true });
  document.title = next.title;
  document.body.replaceWith(next.body);
  scrollTo(0, 0);
  start(document);
  if (!document.querySelector("[data-error-summary]")) document.getElementById("main")?.focus();
}

function start(root) {
  const each = (selector, behave) => root.querySelectorAll(selector).forEach(behave);
  each("form[method=post]", sendOnce);
  each("form[data-upload]", upload);
  each("[data-show]", showPassword);
  each("[data-copy]", copy);
  each("[data-preview]", preview);
  each("[data-poll]", poll);
  each(".table-frame", scrollable);
  root.querySelector("[data-error-summary]")?.focus();
}

start(document);
