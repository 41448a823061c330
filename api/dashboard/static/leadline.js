// What pages do beyond links and forms: lists follow what happens. Everything else works without a script.
"use strict";

// On a phone the navigation scrolls sideways: the place where one is comes into sight.
(() => {
  const place = document.querySelector("header nav [aria-current]");
  if (place) place.parentElement.scrollLeft = place.offsetLeft - place.parentElement.offsetLeft - 40;
})();

// A list says in data-live which signals change it. It is fetched anew when one arrives, at once where nobody points
// at it or works in it; else a bar says how many there are, and nothing moves under the pointer.
(() => {
  const list = document.getElementById("list");
  const bar = document.getElementById("news");
  if (!list || !list.dataset.live || !bar || !window.EventSource) return;
  const kinds = new URL(list.dataset.live, location.href).searchParams.get("kind").split(",");
  let stream = null, last = null, waiting = 0, fetching = false, again = false, timer = 0;

  const busy = () => list.matches(":hover") || list.contains(document.activeElement) || list.querySelector("details[open]");

  const show = async () => {
    if (fetching) {
      again = true; // what is on its way may be older than the news
      return;
    }
    fetching = true;
    const told = waiting;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const before = new Set([...list.querySelectorAll("tr[id]")].map((row) => row.id));
      const fresh = page.getElementById("list");
      fresh.querySelectorAll("tr[id]").forEach((row) => before.has(row.id) || row.classList.add("arrived"));
      list.replaceChildren(...fresh.childNodes);
      const head = document.querySelector(".lede");
      if (head) head.replaceWith(page.querySelector(".lede"));
      waiting -= told;
      bar.hidden = true;
    } catch { /* away for a moment: the next signal tries again */ } finally {
      fetching = false;
      if (again) {
        again = false;
        follow();
      }
    }
  };

  const follow = () => {
    if (!busy()) return void show();
    bar.querySelector("span").textContent = bar.dataset.text.replace("{number}", waiting);
    bar.hidden = false;
  };

  const news = (event) => {
    last = event.lastEventId || last;
    waiting += 1;
    clearTimeout(timer);
    timer = setTimeout(follow, 400);
  };

  const open = () => {
    if (stream || document.hidden) return;
    const after = last ? `&after=${encodeURIComponent(last)}` : "";
    stream = new EventSource(list.dataset.live + after);
    kinds.forEach((kind) => stream.addEventListener(kind, news));
  };

  // Browsers keep six connections to a host: a page that nobody sees gives its own back.
  const close = () => {
    if (stream) stream.close();
    stream = null;
  };

  bar.querySelector("a").addEventListener("click", (event) => {
    event.preventDefault();
    show();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return close();
    open();
    if (!busy()) show();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
})();
