/* Zoom, scale, north arrow, sources and print of the map page and the assessment page. */
"use strict";

(function (planner) {
  const { el, translate } = planner;

  /* Zoom buttons, scale bar, north arrow, attribution: what every map on a wall must carry. */
  function furniture(map, run, fit) {
    L.control.zoom({ position: "topleft", zoomInTitle: translate("zoom_in"), zoomOutTitle: translate("zoom_out") }).addTo(map);
    const Home = L.Control.extend({
      onAdd() {
        const button = el("button", {
          type: "button", class: "home", title: translate("whole_district"), "aria-label": translate("whole_district"),
          onclick: () => fit(true),
        }, "⌂");
        const bar = el("div", { class: "leaflet-bar" }, button);
        L.DomEvent.disableClickPropagation(bar);
        return bar;
      },
    });
    new Home({ position: "topleft" }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 160 }).addTo(map);
    planner.northArrow().addTo(map);
    const Sources = L.Control.extend({
      onAdd: () => el("div", { class: "leaflet-control-attribution" }, [
        ...(run.publication.review_number ? [`${translate("review_number")} ${run.publication.review_number}`] : []),
        ...run.publication.sources,
        "Leaflet",
      ].join(" · ")),
    });
    new Sources({ position: "bottomright" }).addTo(map);
  }

  /* On paper the map takes the size of the sheet's frame, holds the whole district and is drawn in lines, not pixels. */
  function print(map, district, dots = null) {
    let seen = null, back = null;
    window.addEventListener("beforeprint", () => {
      seen = { centre: map.getCenter(), zoom: map.getZoom() };
      document.body.classList.add("printing");
      map.invalidateSize({ animate: false, pan: false });
      map.fitBounds(district, { padding: [8, 8], animate: false });
      back = planner.inLines(map);
      planner.sharp = 2;
      if (dots) dots.picture(true);
    });
    window.addEventListener("afterprint", () => {
      document.body.classList.remove("printing");
      if (back) back();
      back = null;
      planner.sharp = 1;
      if (dots) dots.picture(false);
      map.invalidateSize({ animate: false, pan: false });
      if (seen) map.setView(seen.centre, seen.zoom, { animate: false });
    });
  }

  /* Esc closes what a click opened and returns to the view before it. */
  function escapes(map, view, closed = () => {}) {
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      map.closePopup();
      closed();
      view.back();
    });
  }

  /* Pixels of the map that a card covers at its right; on a phone the card stands below the map. */
  const covered = (card) => (card.parentElement && getComputedStyle(card).position !== "static" ? card.offsetWidth + 6 : 0);

  planner.mapControls = { covered, furniture, print, escapes };
})(window.planner);
