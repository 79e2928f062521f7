// The knobs of a report are folded away: what they are made of is read when they are first opened.

const fold = document.getElementById("knobs"), host = document.getElementById("panel");

fold.addEventListener("toggle", () => {
  // A tree of its own, so that neither names nor styles of the report and the panel meet.
  if (fold.open && !host.shadowRoot) host.attachShadow({ mode: "open" }).append(document.getElementById("panel-parts").content);
});

// A link to the chapter opens it, and so does one that holds settings, of which no part of the report has the name.
function follow() {
  const settings = location.hash.startsWith("#j=");
  if (!settings && location.hash !== "#what-if") return;
  fold.open = true;
  if (settings) fold.scrollIntoView();
}

window.addEventListener("hashchange", follow);
follow();
