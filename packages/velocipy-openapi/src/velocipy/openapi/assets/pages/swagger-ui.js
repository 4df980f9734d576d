// Starts Swagger UI with the options that the page has.
"use strict";

const { options, oauth, redirect } = JSON.parse(document.getElementById("options").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

window.ui = SwaggerUIBundle({
  dom_id: "#page",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  oauth2RedirectUrl: new URL(redirect, location.href).href,
  ...options,
});
if (oauth) window.ui.initOAuth(oauth);
