// What the page does beyond htmx: it keeps what somebody is typing, and tells whether it is live.
(() => {
  "use strict";

  // A form that somebody has begun to fill in is left as it is by the news of others; of those
  // that are about its node is told.
  const beginnings = () => {
    for (const form of document.querySelectorAll("form[data-keep][hx-morph-skip]")) {
      const card = form.closest("[data-concerned]");
      const sign = card?.querySelector("[data-begun]");
      if (!sign) continue;
      const shown = Number(form.elements.namedItem("version")?.value);
      const overtaken = Number(card.dataset.concerned) > shown;
      const word = overtaken
        ? "somebody changed it meanwhile: saving shows both"
        : "not saved yet";
      if (sign.textContent !== word) sign.textContent = word;
    }
  };
  document.addEventListener("input", (event) => {
    event.target.closest("form[data-keep]")?.setAttribute("hx-morph-skip", "");
    beginnings();
  });

  // What the script itself has to tell stands where the service's notices do.
  const notify = (made) => {
    const there = document.getElementById("notice");
    const notice = document.createElement("div");
    notice.className = "notice bad";
    notice.append(made);
    there.replaceChildren(notice);
    there.scrollIntoView({ block: "nearest" });
  };

  // A second press of a button is not a second form; and where nothing tells that the service is
  // there, it is asked first, for a browser would leave the page with what was typed behind.
  const ANSWER_MS = 5000;
  const BROKEN = 500;
  const answers = async () => {
    try {
      const signal = AbortSignal.timeout(ANSWER_MS);
      return (await fetch("/healthz", { cache: "no-store", signal })).status < BROKEN;
    } catch {
      return false;
    }
  };
  document.addEventListener("submit", async (event) => {
    const { target: form, submitter } = event;
    if ((submitter?.getAttribute("formmethod") ?? form.method) !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    if (now === "on" || form.dataset.answered) return;
    event.preventDefault();
    const there = await answers();
    delete form.dataset.sent;
    if (there) {
      form.dataset.answered = "yes";
      form.requestSubmit(submitter);
      delete form.dataset.answered;
    } else {
      const told = document.createElement("p");
      told.textContent =
        "The service does not answer; nothing was sent. " +
        "What you typed stays: try again once it is back.";
      notify(told);
    }
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });

  const tell = (word) => {
    for (const sign of document.querySelectorAll("[data-live]")) {
      sign.dataset.live = word;
      sign.textContent = word === "on" ? "live" : "not live";
    }
  };
  let now = "off";
  // Who is let in no more is told once, and nothing more is asked: what is shown can still be read.
  const UNAUTHORIZED = 401;
  let ended = false;
  const end = () => {
    const told = document.getElementById("access-ended");
    if (ended || !told) return;
    ended = true;
    document.getElementById("live")?.remove();
    for (const one of document.querySelectorAll("[hx-trigger^='every']")) {
      one.replaceWith(one.cloneNode(true));
    }
    tell((now = "off"));
    notify(told.content.cloneNode(true));
  };
  document.addEventListener("access-ended", end);
  const becomes = (word) => () => tell((now = word));
  // Behind a gap all is asked for anew: that whoever drove a run is gone is no event.
  let connected = false;
  let failures = 0;
  document.addEventListener("htmx:sse:after:connection", (event) => {
    tell((now = "on"));
    if (connected || failures) htmx.trigger(event.target, "changed");
    connected = true;
    failures = 0;
  });
  // Where not even the first connection came about, its extension never tries again: this does.
  const LEAST_MS = 500;
  const MOST_MS = 5000;
  const TOO_MANY = 429;
  let waiting = 0;
  const again = (live, status) => {
    tell((now = "off"));
    const final = status >= 400 && status < 500 && status !== TOO_MANY;
    if (connected || waiting || final) return;
    const pause = Math.min(LEAST_MS * 2 ** failures, MOST_MS) * (0.7 + 0.6 * Math.random());
    failures += 1;
    waiting = setTimeout(() => {
      waiting = 0;
      if (live.isConnected && !connected) htmx.trigger(live, "connect");
    }, pause);
  };
  for (const name of ["htmx:response:error", "htmx:error"]) {
    document.addEventListener(name, (event) => {
      const status = event.detail?.ctx?.response?.status;
      if (status === UNAUTHORIZED) end();
      else if (event.target.id === "live") again(event.target, status);
    });
  }

  // That whoever drives a run is gone is no event either: while one is on, it is looked after.
  const LOOK_MS = 15000;
  setInterval(() => {
    const live = document.getElementById("live");
    if (live && !document.hidden && document.querySelector("[data-run-on]")) {
      htmx.trigger(live, "changed");
    }
  }, LOOK_MS);
  document.addEventListener("htmx:sse:error", (event) => {
    tell((now = "off"));
    if (event.detail?.status === UNAUTHORIZED) end();
  });
  document.addEventListener("htmx:sse:close", becomes("off"));
  document.addEventListener("htmx:after:swap", () => {
    tell(now);
    beginnings();
  });

  // The picture shrinks a little before it scrolls, and is never too small to be read; what is
  // looked for is brought into sight: the chosen node, else who needs somebody, else the first.
  document.documentElement.classList.add("scripted");
  const LEAST = 0.6;
  const measure = () => {
    for (const picture of document.querySelectorAll(".frame svg")) {
      const width = Number(picture.getAttribute("width"));
      if (width) picture.style.minWidth = `${Math.floor(width * LEAST)}px`;
    }
  };
  measure();
  document.addEventListener("htmx:after:swap", measure);
  const frame = document.querySelector(".frame");
  const sought = [".rt-link[aria-current]", ".rt-node.rt-bad", ".rt-node.rt-warn", ".rt-node"];
  const there = sought.map((one) => frame?.querySelector(one)).find(Boolean);
  if (there) {
    const box = there.getBoundingClientRect();
    const around = frame.getBoundingClientRect();
    frame.scrollLeft += box.left + box.width / 2 - around.left - around.width / 2;
    frame.scrollTop += box.top + box.height / 2 - around.top - around.height / 2;
  }
})();
