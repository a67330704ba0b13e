// Light, dark, or as the system has it: set before anything is drawn, so that nothing flashes.
(() => {
  const names = ["system", "light", "dark"];
  const read = () => {
    try {
      return names.includes(localStorage.getItem("theme")) ? localStorage.getItem("theme") : names[0];
    } catch {
      return names[0]; // no storage here: it lasts as long as the page
    }
  };
  let theme = read();
  const show = () => {
    document.documentElement.dataset.theme = theme;
    const label = document.querySelector(".theme-toggle b");
    if (label) label.textContent = theme;
  };
  show();
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector(".theme-toggle");
    button.hidden = false;
    button.addEventListener("click", () => {
      theme = names[(names.indexOf(theme) + 1) % names.length];
      try {
        localStorage.setItem("theme", theme);
      } catch {
        // as above
      }
      show();
    });
    show();
  });
})();
