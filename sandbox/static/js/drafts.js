// Forms save themselves while they are typed: at most one request in a few seconds, for their owner alone.
"use strict";

(() => {
  const PAUSE_MS = 3000;
  const box = document.querySelector(".draft[data-address]");
  const form = box && box.closest("form");
  if (!form) return;

  const said = box.querySelector("[data-part=said]");
  const others = box.querySelector("[data-part=others]");
  const discard = box.querySelector("[data-part=discard]");
  let timer = null;
  let underWay = null;
  let isDirty = false;
  let isLeaving = false;

  const request = (method, body, more) =>
    fetch(box.dataset.address, {
      method,
      body,
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRFToken": box.dataset.token },
      ...more,
    });

  const isKept = (name) => name && name !== "csrf_token";

  const typed = () => {
    const fields = {};
    for (const [name, value] of new FormData(form)) {
      if (isKept(name) && typeof value === "string") (fields[name] ||= []).push(value);
    }
    return JSON.stringify({ fields });
  };

  const show = (told) => {
    box.hidden = !(told.said || told.others.length);
    said.textContent = told.said;
    discard.hidden = !told.said;
    others.replaceChildren(
      ...told.others.map((text) => Object.assign(document.createElement("p"), { textContent: text }))
    );
  };

  const complain = (text) => {
    box.hidden = false;
    said.textContent = text;
  };

  const save = async () => {
    timer = null;
    if (isLeaving || underWay) return;
    isDirty = false;
    underWay = request("PUT", typed());
    try {
      const answer = await underWay;
      if (answer.ok) show(await answer.json());
      else complain(answer.status === 413 || answer.status === 422 ? box.dataset.tooLarge : box.dataset.failed);
    } catch {
      isDirty = true;
      complain(box.dataset.failed);
    } finally {
      underWay = null;
      if (isDirty) plan();
    }
  };

  const plan = () => {
    isDirty = true;
    timer ??= setTimeout(save, PAUSE_MS);
  };

  // Hidden controls come back too: the version that was read decides whether a colleague's is overwritten.
  const restore = (fields) => {
    const left = Object.fromEntries(Object.entries(fields).map(([name, values]) => [name, [...values]]));
    for (const control of form.elements) {
      if (!isKept(control.name) || ["file", "submit", "button"].includes(control.type)) continue;
      if (control.type === "checkbox" || control.type === "radio") {
        control.checked = (fields[control.name] || []).includes(control.value);
      } else if (left[control.name] && left[control.name].length) {
        control.value = left[control.name].shift();
      }
    }
  };

  const begin = async () => {
    const answer = await request("GET");
    if (!answer.ok) return;
    const told = await answer.json();
    // What is being typed already is newer than what was saved.
    if (told.fields && !isDirty && !("typed" in box.dataset)) restore(told.fields);
    show(told);
  };

  form.addEventListener("input", plan);
  form.addEventListener("change", plan);
  form.addEventListener("submit", async (event) => {
    isLeaving = true;
    clearTimeout(timer);
    if (underWay) {
      // A save that arrives after the form would bring back the draft of what is sent.
      event.preventDefault();
      await underWay.catch(() => {});
      form.requestSubmit(event.submitter);
    }
  });
  // The page may come back from the browser's memory, without being loaded anew.
  addEventListener("pageshow", () => (isLeaving = false));
  addEventListener("pagehide", () => {
    if (isDirty && !isLeaving) request("PUT", typed(), { keepalive: true }).catch(() => {});
  });
  discard.addEventListener("click", async () => {
    isLeaving = true;
    clearTimeout(timer);
    if (underWay) await underWay.catch(() => {});
    const answer = await request("DELETE").catch(() => null);
    if (answer && answer.ok) location.reload();
    else {
      isLeaving = false;
      complain(box.dataset.failed);
    }
  });
  begin().catch(() => {});
})();
