// Run in the shop's page: what stands on its product cards, by the selectors of the listing.
(listing) => {
  const LONGEST = 2000;
  const text = (card, selector) => {
    const found = selector ? card.querySelector(selector) : null;
    return (found?.innerText ?? found?.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, LONGEST);
  };
  const whole = (address) => {
    try {
      return address ? new URL(address, document.baseURI).href : "";
    } catch {
      return "";
    }
  };
  // Of several sizes the largest: "a.jpg 300w, b.jpg 600w".
  const largest = (set) => set.split(/,\s+/).map((part) => part.trim().split(/\s+/))
    .map(([address, size]) => [address, parseFloat(size) || 1])
    .reduce((best, each) => (each[1] > best[1] ? each : best))[0];
  const picture = (card) => {
    const image = listing.picture === ":self" ? card : card.querySelector(listing.picture);
    for (const name of listing.picture_attributes) {
      const value = image?.getAttribute(name)?.trim();
      const address = value && name.endsWith("srcset") ? largest(value) : value;
      if (address && !/^(data|blob|about|javascript):/i.test(address)) return whole(address);
    }
    return "";
  };
  return [...document.querySelectorAll(listing.product)].map((card) => ({
    name: text(card, listing.name),
    description: text(card, listing.description),
    price: text(card, listing.price),
    link: listing.link ? whole((card.matches(listing.link) ? card : card.querySelector(listing.link))?.getAttribute("href")) : "",
    picture: picture(card),
  }));
}
