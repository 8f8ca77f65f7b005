// Draws each figure of the page from the data beside it, in the colours of the page, light or dark.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axes = (layout) => Object.keys(layout).filter((key) => /^[xy]axis/.test(key));
  const themed = (layout) => {
    const change = {
      "font.color": color("--ink"),
      "modebar.bgcolor": "rgba(0,0,0,0)",
      "modebar.color": color("--muted"),
      "modebar.activecolor": color("--ink"),
      "hoverlabel.bgcolor": color("--band"),
      "hoverlabel.bordercolor": color("--rule"),
      "hoverlabel.font.color": color("--ink"),
    };
    for (const name of axes(layout)) {
      change[`${name}.gridcolor`] = color("--grid");
      change[`${name}.linecolor`] = color("--muted");
      change[`${name}.tickfont.color`] = color("--muted");
    }
    return change;
  };
  const charts = [...document.querySelectorAll(".chart")];
  const repaint = () => charts.forEach((chart) => Plotly.relayout(chart, themed(chart.layout)));
  const config = {
    responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d"],
    showSendToCloud: false, plotlyServerURL: "",  // nothing leaves the page
  };
  const drawn = charts.map((chart) => {
    const { data, layout } = JSON.parse(document.getElementById(chart.dataset.from).textContent);
    layout.font = { family: getComputedStyle(document.body).fontFamily, size: 13 };
    const ranges = Object.fromEntries(axes(layout).map((name) => [name, String(layout[name].range)]));
    return Plotly.newPlot(chart, data, layout, config).then(() => {
      // The page's own ticks fit the whole range; inside it Plotly finds its own.
      chart.on("plotly_relayout", () => {
        const change = {};
        for (const name of axes(chart.layout)) {
          const mode = String(chart.layout[name].range) === ranges[name] ? "array" : "auto";
          if (chart.layout[name].tickmode !== mode) change[`${name}.tickmode`] = mode;
        }
        if (Object.keys(change).length) Plotly.relayout(chart, change);
      });
      for (const button of chart.parentElement.querySelectorAll(".legend button")) {
        button.addEventListener("click", () => {
          const shown = button.getAttribute("aria-pressed") !== "true";
          button.setAttribute("aria-pressed", shown);
          const own = chart.data.flatMap((trace, n) => (trace.legendgroup === button.dataset.place ? [n] : []));
          Plotly.restyle(chart, { visible: shown }, own);
        });
      }
    });
  });
  Promise.all(drawn).then(() => {
    repaint();
    dark.addEventListener("change", repaint);
    addEventListener("beforeprint", repaint);
    addEventListener("afterprint", repaint);
    document.body.dataset.drawn = charts.length;
  });
})();
