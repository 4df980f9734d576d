// Starts ReDoc with the options that the page has.
const { options, url } = JSON.parse(document.getElementById("options").textContent);

// ReDoc has its logo on a host of its own, and no option to leave it out; but it does where the image does not load.
const source = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src");
const isElsewhere = (value) => new URL(value, location.href).hostname.endsWith(".redoc.ly");
Object.defineProperty(HTMLImageElement.prototype, "src", {
  ...source,
  set(value) {
    source.set.call(this, isElsewhere(value) ? "data:," : value);
  },
});

const { init } = await import(document.getElementById("redoc").src);
init(new URL(url, location.href).href, options, document.getElementById("page"));
