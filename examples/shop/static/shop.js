// What is nicer with a script: numbers that change while one looks. All pages do without.
"use strict";

function listen(url, hear) {
  const socket = new WebSocket(new URL(url, location.href.replace(/^http/, "ws")));
  socket.addEventListener("message", (event) => hear(JSON.parse(event.data)));
  socket.addEventListener("close", () => setTimeout(() => listen(url, hear), 5000));
}

const shelf = document.querySelector("[data-live]");
if (shelf) {
  listen(shelf.dataset.live, ({product, stock}) => {
    for (const element of shelf.querySelectorAll(`[data-stock="${product}"]`)) {
      element.textContent = stock === 0 ? "Sold out" : stock <= 5 ? `Only ${stock} left` : `${stock} in stock`;
      element.classList.toggle("none", stock === 0);
      element.classList.toggle("few", stock > 0 && stock <= 5);
    }
  });
}

const steps = document.querySelector("[data-events]");
if (steps) {
  const source = new EventSource(steps.dataset.events);
  source.addEventListener("status", (event) => {
    for (const step of steps.children) {
      if (step.dataset.status === event.data) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    }
    if (event.data === "sent") source.close(); // nothing comes after it
  });
}
