// Tabs as the ARIA pattern has them; the open one is in the address, so that a reload keeps it.

export function openTabs(list) {
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));

  function open(chosen) {
    for (const tab of tabs) {
      const isOpen = tab === chosen;
      tab.setAttribute("aria-selected", isOpen);
      tab.tabIndex = isOpen ? 0 : -1;
      panelOf(tab).hidden = !isOpen;
    }
    history.replaceState(null, "", `#${panelOf(chosen).id}`);
  }

  function openFromAddress() {
    const named = tabs.find((tab) => `#${panelOf(tab).id}` === location.hash);
    if (named) open(named);
  }

  for (const tab of tabs) tab.addEventListener("click", () => open(tab));
  list.addEventListener("keydown", ({ key, target }) => {
    const last = tabs.length - 1;
    const at = tabs.indexOf(target);
    const next = {
      ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at ? at - 1 : last, Home: 0, End: last,
    }[key];
    if (next === undefined) return;
    open(tabs[next]);
    tabs[next].focus();
  });
  window.addEventListener("hashchange", openFromAddress);
  openFromAddress();
}
