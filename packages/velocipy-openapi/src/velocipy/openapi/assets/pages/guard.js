// Runs before the libraries, and keeps them within what the policy of the page allows: they ask for more than they need.
"use strict";

// ReDoc and Scalar try whether they may compile code, and do without if that fails. Here it fails without a report of the browser.
const refuse = () => {
  throw new EvalError("this page compiles no code");
};
globalThis.Function = new Proxy(Function, { apply: refuse, construct: refuse });

// Style sheets that they make have the nonce of the page.
const nonce = document.querySelector("meta[property=csp-nonce]").nonce;
const createElement = Document.prototype.createElement;
Document.prototype.createElement = function (name, options) {
  const element = createElement.call(this, name, options);
  if (element instanceof HTMLStyleElement) element.nonce = nonce;
  return element;
};

// Styles that they set as text are set as the properties that they are, which no policy forbids.
const setAttribute = Element.prototype.setAttribute;
Element.prototype.setAttribute = function (name, value) {
  if (name === "style") this.style.cssText = value;
  else setAttribute.call(this, name, value);
};

// Scalar counts the lines of code in a style; Swagger UI aligns the cells of tables by one.
const html = Object.getOwnPropertyDescriptor(Element.prototype, "innerHTML");
Object.defineProperty(Element.prototype, "innerHTML", {
  ...html,
  set(value) {
    html.set.call(this, String(value).replace(/(<code\b[^<>]*) style="([^"<>]*)"/g, '$1 data-style="$2"'));
    for (const element of this.querySelectorAll("code[data-style]")) element.style.cssText = element.dataset.style;
  },
});
const parse = DOMParser.prototype.parseFromString;
DOMParser.prototype.parseFromString = function (text, type) {
  const aligned = String(text).replace(/(<t[hd]) style="text-align:(left|right|center)">/g, '$1 align="$2">');
  return parse.call(this, aligned, type);
};
