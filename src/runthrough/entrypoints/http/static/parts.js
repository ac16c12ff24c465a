// What the page does live beside its forms: the plan, the timeline, what runs, and growing logs.
(() => {
  "use strict";
  document.documentElement.classList.add("scripted");
  const own = { "HX-Request": "true" };

  // A part of the page that the service made, escaped by its templates.
  const part = async (address, signal) => {
    const answer = await fetch(address, { headers: own, signal });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.text();
  };
  const place = (there, text) => {
    const made = new DOMParser().parseFromString(text, "text/html");
    there.replaceChildren(...made.body.childNodes);
  };

  // The plan is asked for when it is looked at, and again when something happened meanwhile.
  const plan = async (fold) => {
    const there = fold.querySelector("#planned");
    if (!there) return;
    there.setAttribute("aria-busy", "true");
    try {
      place(there, await part(fold.dataset.plan));
    } catch {
      there.textContent = "The plan cannot be told just now.";
    } finally {
      there.removeAttribute("aria-busy");
    }
  };
  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target.matches?.("[data-plan]") && event.target.open) plan(event.target);
    },
    true,
  );
  let planning = 0;
  document.addEventListener("htmx:after:swap", () => {
    const fold = document.querySelector("[data-plan][open]");
    clearTimeout(planning);
    if (fold) planning = setTimeout(() => plan(fold), 1000);
  });

  // The timeline: what happened is told while the slider moves, and it goes there when it rests.
  let asking, resting;
  const slider = (event) => event.target.closest?.("[data-timeline] [type=range]");
  document.addEventListener("input", async (event) => {
    const range = slider(event);
    if (!range) return;
    const form = range.form;
    document.getElementById("at-told").textContent = range.value;
    clearTimeout(resting);
    asking?.abort();
    asking = new AbortController();
    try {
      const told = await part(`${form.dataset.timeline}?at=${range.value}`, asking.signal);
      place(document.getElementById("at-moment"), told);
    } catch (why) {
      if (why.name !== "AbortError") document.getElementById("at-moment").textContent = "";
    }
  });
  document.addEventListener("change", (event) => {
    const range = slider(event);
    if (!range) return;
    clearTimeout(resting);
    resting = setTimeout(() => {
      const address = new URL(range.form.action);
      const node = range.form.elements.namedItem("node");
      if (node) address.searchParams.set("node", node.value);
      if (range.value !== range.form.dataset.latest) address.searchParams.set("at", range.value);
      address.hash = "at";
      location.assign(address);
    }, 600);
  });
  if (location.hash === "#at") document.getElementById("at")?.focus({ preventScroll: true });

  // Since when something runs, second by second.
  const clock = (seconds) => {
    const two = (number) => String(number).padStart(2, "0");
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    const rest = two(seconds % 60);
    return hours ? `${hours}:${two(minutes % 60)}:${rest}` : `${minutes}:${rest}`;
  };
  setInterval(() => {
    for (const time of document.querySelectorAll("[data-elapsed]")) {
      const begun = Date.parse(time.dateTime);
      time.textContent = clock(Math.max(0, Math.floor((Date.now() - begun) / 1000)));
    }
  }, 1000);

  // A menu closes by Escape, and when something else is clicked.
  const menu = () => document.querySelector("details.menu[open]");
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && menu();
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    const open = menu();
    if (open && !open.contains(event.target) && !event.target.closest("a[href='#menu']")) {
      open.open = false;
    }
  });
  const shown = () => {
    const there = location.hash === "#menu" && document.querySelector("details.menu");
    if (there) there.open = true;
  };
  addEventListener("hashchange", shown);
  shown();

  // A log that is still written is followed; whoever scrolls up reads in peace.
  const AT_MOST = 512 * 1024;
  const PAUSE_MS = 1000;
  // Once all have ended, the page is made anew around their texts: how it ended, counts, and why.
  const settle = async () => {
    const shown = document.getElementById("logs-shown");
    try {
      const text = await part(shown.dataset.page);
      const made = new DOMParser().parseFromString(text, "text/html").getElementById("logs-shown");
      for (const old of shown.querySelectorAll(".log .text")) {
        const label = CSS.escape(old.getAttribute("aria-label"));
        const fresh = made.querySelector(`[aria-label="${label}"]`);
        const at = old.scrollTop;
        fresh?.replaceWith(old);
        requestAnimationFrame(() => (old.scrollTop = at));
      }
      shown.replaceChildren(...made.childNodes);
    } catch {
      const state = document.getElementById("log-told");
      if (state) state.textContent = "It has ended; load the page again to see how.";
    }
  };
  let growing = document.querySelectorAll("[data-log]").length;
  const follow = (card) => {
    const text = card.querySelector(".text");
    const button = card.querySelector("[data-follow]");
    let next = Number(card.dataset.next);
    let following = true;
    const down = () => {
      text.scrollTop = text.scrollHeight;
    };
    const tell = () => {
      button.hidden = following;
    };
    text.addEventListener("scroll", () => {
      following = text.scrollHeight - text.scrollTop - text.clientHeight < 24;
      tell();
    });
    button.addEventListener("click", () => {
      following = true;
      tell();
      down();
      text.focus();
    });
    down();
    const look = async () => {
      let again = PAUSE_MS;
      try {
        const address = new URL(card.dataset.log, location.href);
        address.searchParams.set("after", String(next));
        const answer = await fetch(address, { headers: own });
        if (answer.status === 401) document.dispatchEvent(new Event("access-ended"));
        if (answer.status === 401 || answer.status === 403 || answer.status === 404) return;
        if (!answer.ok) throw new Error(String(answer.status));
        const piece = await answer.text();
        const last = Number(answer.headers.get("X-Log-Next"));
        card.querySelector("[data-size]").textContent = answer.headers.get("X-Log-Size");
        if (piece) {
          card.querySelector("[data-empty]")?.remove();
          text.append(piece);
          while (text.textContent.length > AT_MOST && text.childNodes.length > 1) {
            text.firstChild.remove();
          }
          if (following) down();
          again = 0;
        }
        next = last;
        if (answer.headers.get("X-Log-Ended") === "true") {
          growing -= 1;
          if (!growing) settle();
          return;
        }
      } catch {
        again = 5 * PAUSE_MS;
      }
      setTimeout(look, again || PAUSE_MS / 4);
    };
    look();
  };
  document.querySelectorAll("[data-log]").forEach(follow);
  for (const text of document.querySelectorAll(".log:not([data-log]) .text")) {
    text.scrollTop = text.scrollHeight;
  }
})();
