// Draw every chart of the page from the specification stored beside its picture.
(async () => {
  for (const figure of document.querySelectorAll("figure.live-chart")) {
    const place = figure.querySelector(".chart-live");
    const picture = figure.querySelector("img");
    const spec = JSON.parse(figure.querySelector("script").textContent);
    place.hidden = false;
    try {
      const { view } = await window.drawChart(place, spec);
      figure.view = view;
      // To a screen reader the chart is its alt text, which Vega puts on the container.
      place.querySelector("svg.marks").setAttribute("aria-hidden", "true");
      picture.hidden = true;
      figure.dataset.drawn = "yes";
    } catch (error) {
      place.hidden = true; // the picture stays
      figure.dataset.drawn = "no";
      console.error(error);
    }
  }
  document.documentElement.dataset.charts = "done";
})();
