/* Map page: draws the stored figures of a plan. */
"use strict";

(function (planner) {
  const SHARES = [0.2, 0.4, 0.6, 0.8, 1];

  planner.start = function (map) {
    const run = planner.data("planner-run");
    const ground = planner.data("planner-ground");
    const places = planner.data("planner-places");
    map.setMinZoom(8).setMaxZoom(19);
    const state = { service: 0, minutes: widest(run.services[0]), when: "after", measure: "homes" };

    const figures = () => ground.cover[`${run.services[state.service].id} ${state.minutes}`];
    function colour(i) {
      const { people, before, after } = figures();
      if (state.measure !== "share" || !(people[i] > 0)) return null;
      return planner.colourOf(run.palette, SHARES, (people[i] - (state.when === "before" ? before[i] : after[i])) / people[i], true);
    }

    const show = (content, latlng) =>
      L.popup({ maxWidth: 440, autoPanPaddingTopLeft: [60, 24], autoPanPaddingBottomRight: [planner.mapControls.covered(legend.card) + 18, 24] }).setLatLng(latlng).setContent(content).openOn(map);
    const detail = (i, latlng) => show(planner.placeDetail(run, places, i), latlng);

    const view = planner.keptView(map);
    planner.mapControls.escapes(map, view);
    const quarters = planner.communities(map, ground, { hover: true, choose: (i, at) => show(planner.communityDetail(run, ground, i), at) });
    const areas = new planner.Areas(planner.pane(map, "areas", 424, true)), shapes = planner.unpackShapes(places.circles.shapes, ground.perDegree);
    const homes = planner.makeHomes(map, run, () => state), people = planner.sizedCircles(map, "people", quarters);
    const marks = planner.makeMarks(map, "places", 640, (i) => detail(i, L.latLng(places.lat[i], places.lon[i])));
    const layers = {
      opened_sites: marks.group("opened_sites"),
      walking_circles: areas,
      homes: homes.layer,
      existing_facilities: marks.group("existing_facilities"),
      candidates: marks.group("candidates"),
      communities: quarters.layer,
      ground: planner.ground(map, ground.base, ground.perDegree),
      streets: planner.streets(map, ground.streets, ground.perDegree),
      map_names: planner.names(ground, quarters, [marks]),
    };
    Object.values(layers).forEach((layer) => map.addLayer(layer));
    map.addLayer(people.layer);

    /* People of every community left out before or after, and the most of both, so that the circles keep one scale. */
    const most = () => figures().people.reduce((found, all, i) => Math.max(found, all - Math.min(figures().before[i], figures().after[i])), 1);
    function draw() {
      const service = run.services[state.service], { measure, when } = state, left = figures()[when];
      quarters.colour(colour);
      marks.show(planner.placeItems(places, run.services, state));
      homes.show(measure === "homes");
      people.show((i) => (measure === "people" ? [figures().people[i] - left[i], run.palette.homes.left] : null), most());
      areas.show(openShapes(places, shapes, service, state), service.outline, `${service.id} ${state.minutes} ${when}`);
    }

    const legend = planner.legend(map, run, layers, state, most, change);
    function change(name, value) {
      state[name] = value;
      if (name === "service") {
        const minutes = run.services[value].minutes;
        if (!minutes.includes(state.minutes)) state.minutes = widest(run.services[value]);
      }
      draw();
      legend.update();
    }
    draw();

    const frame = map.getContainer();
    frame.parentElement.prepend(planner.panel(run, places, (i) => {
      const at = L.latLng(places.lat[i], places.lon[i]);
      view.point(at);
      detail(i, at);
    }));
    frame.parentElement.append(legend.card);
    planner.bottomSheet(() => run.name);
    const fit = (animate) => planner.fitFree(map, ground.focus, animate);
    planner.mapControls.furniture(map, run, fit);
    map.invalidateSize();
    fit(false);
    planner.mapControls.print(map, ground.district, homes.layer);
    planner.map = map;
    document.body.dataset.ready = "true";
  };

  /* The stored circles of the places where a service is open. */
  function openShapes(places, shapes, service, { service: s, minutes, when }) {
    const open = new Set(places.id.filter((_, i) => (when === "before"
      ? places.offers[i].includes(s)
      : places.opens[i].includes(s) || (places.offers[i].includes(s) && !places.closes[i].includes(s)))));
    return shapes.map((rings, k) => ({ rings, k }))
      .filter(({ k }) => places.circles.walker[k] === service.walker && places.circles.minutes[k] === minutes && open.has(places.circles.place[k]));
  }

  function widest(service) {
    return service.minutes[service.minutes.length - 1];
  }
})(window.planner);
