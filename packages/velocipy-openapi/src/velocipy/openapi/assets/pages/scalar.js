// Starts Scalar with the options that the page has.
"use strict";

const { options } = JSON.parse(document.getElementById("options").textContent);
Scalar.createApiReference("#page", options);
