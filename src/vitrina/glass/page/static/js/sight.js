// Whether a part of the page can be seen: what cannot is not drawn anew while a network learns.

const AHEAD = "200px"; // of the window's edge

export class Sight {
  // came: called whenever it comes into sight.
  constructor(element, came) {
    this.seen = true; // until something else is known
    new IntersectionObserver((entries) => {
      const before = this.seen;
      this.seen = entries.at(-1).isIntersecting;
      if (this.seen && !before) came();
    }, { rootMargin: AHEAD }).observe(element);
  }
}
