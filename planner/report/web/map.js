/* Map page: draws the stored figures of a plan. */
"use strict";

(function (planner) {
  const SHARES = [0.2, 0.4, 0.6, 0.8, 1];

  planner.start = function (map) {
    const run = planner.data("planner-run");
    const ground = planner.data("planner-ground");
    const places = planner.data("planner-places");
    map.setMinZoom(8).setMaxZoom(19);
    const state = { service: 0, minutes: widest(run.services[0]), when: "after", measure: "people" };

    const limits = () => (state.measure === "share" ? SHARES : ground.limits[run.services[state.service].id]);
    const figures = () => ground.cover[`${run.services[state.service].id} ${state.minutes}`];
    function colour(i) {
      const { people, before, after } = figures();
      if (!(people[i] > 0)) return run.palette.empty;
      const left = people[i] - (state.when === "before" ? before[i] : after[i]);
      const byShare = state.measure === "share";
      return planner.colourOf(run.palette, limits(), byShare ? left / people[i] : left, byShare);
    }

    const show = (content, latlng) =>
      L.popup({ maxWidth: 440, autoPanPaddingTopLeft: [60, 24], autoPanPaddingBottomRight: [legend.card.offsetWidth + 24, 24] }).setLatLng(latlng).setContent(content).openOn(map);
    const detail = (i, latlng) => show(planner.placeDetail(run, places, i), latlng);

    const view = planner.keptView(map);
    planner.mapControls.escapes(map, view);
    const quarters = planner.communities(map, ground, colour, (i, at) => show(planner.communityDetail(run, ground, i), at));
    const opened = new Set(places.sites.map((site) => site.place));
    const circles = planner.circles(map, places, run.services, ground.perDegree);
    const standing = planner.facilities(map, places, run.services, detail);
    const layers = {
      opened_sites: planner.sites(map, places, run.services, detail),
      walking_circles: circles.layer,
      existing_facilities: standing.layer,
      candidates: planner.candidates(map, places, opened, detail),
      communities: quarters.layer,
      streets: planner.streets(map, ground.streets, ground.perDegree),
      community_names: planner.names(map, quarters.polygons, told(ground.communities)),
    };
    Object.values(layers).forEach((layer) => map.addLayer(layer));
    circles.show(state.service);
    standing.show(state.service);

    const legend = planner.legend(map, run, layers, state, limits, change);
    function change(name, value) {
      state[name] = value;
      if (name === "service") {
        const minutes = run.services[value].minutes;
        if (!minutes.includes(state.minutes)) state.minutes = widest(run.services[value]);
        circles.show(value);
        standing.show(value);
      }
      document.body.dataset.when = state.when;
      quarters.recolour();
      legend.update();
    }
    document.body.dataset.when = state.when;

    const frame = map.getContainer();
    frame.parentElement.prepend(planner.panel(run, places, (i) => {
      const at = L.latLng(places.lat[i], places.lon[i]);
      view.point(at);
      detail(i, at);
    }));
    frame.parentElement.append(legend.card);
    const fit = (animate) =>
      map.fitBounds(ground.focus, { paddingTopLeft: [24, 60], paddingBottomRight: [legend.card.offsetWidth + 30, 30], animate });
    planner.mapControls.furniture(map, run, fit);
    map.invalidateSize();
    fit(false);
    planner.mapControls.print(map, fit);
    planner.map = map;
    document.body.dataset.ready = "true";
  };

  /* Names worth drawing: a community called by its id is left unnamed. */
  function told(communities) {
    return communities.name.map((name, i) => (name === communities.id[i] ? "" : name));
  }

  function widest(service) {
    return service.minutes[service.minutes.length - 1];
  }
})(window.planner);
