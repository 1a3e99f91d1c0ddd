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
      if (!(people[i] > 0)) return run.palette.empty;
      if (state.measure !== "share") return run.palette.muted;
      return planner.colourOf(run.palette, SHARES, (people[i] - (state.when === "before" ? before[i] : after[i])) / people[i], true);
    }

    const show = (content, latlng) =>
      L.popup({ maxWidth: 440, autoPanPaddingTopLeft: [60, 24], autoPanPaddingBottomRight: [planner.mapControls.covered(legend.card) + 18, 24] }).setLatLng(latlng).setContent(content).openOn(map);
    const detail = (i, latlng) => show(planner.placeDetail(run, places, i), latlng);

    const view = planner.keptView(map);
    planner.mapControls.escapes(map, view);
    const quarters = planner.communities(map, ground, colour, (i, at) => show(planner.communityDetail(run, ground, i), at));
    const opened = new Set(places.sites.map((site) => site.place));
    const areas = new planner.Areas(planner.pane(map, "areas", 424, true)), shapes = planner.unpackShapes(places.circles.shapes, ground.perDegree);
    const homes = makeHomes(map, run, state), people = planner.sizedCircles(map, "people", quarters.polygons);
    const standing = planner.facilities(map, places, run.services, detail);
    const layers = {
      opened_sites: planner.sites(map, places, run.services, detail),
      walking_circles: areas,
      homes: homes.layer,
      existing_facilities: standing.layer,
      candidates: planner.candidates(map, places, opened, detail),
      communities: quarters.layer,
      streets: planner.streets(map, ground.streets, ground.perDegree),
      community_names: planner.names(map, quarters.polygons, nameUnlessId(ground.communities)),
    };
    Object.values(layers).forEach((layer) => map.addLayer(layer));
    map.addLayer(people.layer);
    standing.show(state.service);

    /* People of every community left out before or after, and the most of both, so that the circles keep one scale. */
    const most = () => figures().people.reduce((found, all, i) => Math.max(found, all - Math.min(figures().before[i], figures().after[i])), 1);
    function draw() {
      const service = run.services[state.service], { measure, when } = state, left = figures()[when];
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
        standing.show(value);
      }
      document.body.dataset.when = state.when;
      quarters.recolour();
      draw();
      legend.update();
    }
    draw();
    document.body.dataset.when = state.when;

    const frame = map.getContainer();
    frame.parentElement.prepend(planner.panel(run, places, (i) => {
      const at = L.latLng(places.lat[i], places.lon[i]);
      view.point(at);
      detail(i, at);
    }));
    frame.parentElement.append(legend.card);
    const fit = (animate) =>
      map.fitBounds(ground.focus, { paddingTopLeft: [24, 60], paddingBottomRight: [planner.mapControls.covered(legend.card) + 24, 30], animate });
    planner.mapControls.furniture(map, run, fit);
    map.invalidateSize();
    fit(false);
    planner.mapControls.print(map, ground.district, homes.layer);
    planner.map = map;
    document.body.dataset.ready = "true";
  };

  /* Dots of the homes of the service and circle looked at. */
  function makeHomes(map, run, state) {
    const packed = planner.data("planner-homes"), { counts, steps, bytes } = planner.decode, { count } = packed, of = run.palette.homes;
    const dots = new planner.Dots(steps(packed.lon, count), steps(packed.lat, count), planner.pane(map, "homes", 420, true));
    const known = run.services.map((service) => ({ people: counts(packed.people[service.id], count, Int32Array), rings: packed.rings[service.id].map(bytes) }));
    return {
      layer: dots,
      show(on) {
        const { service, minutes, when } = state, { people, rings: [before, after] } = known[service], circle = run.services[service].minutes.indexOf(minutes);
        dots.show(on ? (i) => {
          if (!people[i]) return null;
          const was = before[i] <= circle, is = when === "before" ? was : after[i] <= circle, r = planner.dotRadius(map, people[i]);
          if (is !== was) return [is ? of.gained : of.lost, r + 0.8, 2];
          return is ? [of.reached, r, 0] : [of.left, r, 1];
        } : null, on ? `${service} ${minutes} ${when}` : "none");
      },
    };
  }

  /* The stored circles of the places where a service is open. */
  function openShapes(places, shapes, service, { service: s, minutes, when }) {
    const open = new Set(places.id.filter((_, i) => (when === "before"
      ? places.offers[i].includes(s)
      : places.opens[i].includes(s) || (places.offers[i].includes(s) && !places.closes[i].includes(s)))));
    return shapes.map((rings, k) => ({ rings, k }))
      .filter(({ k }) => places.circles.walker[k] === service.walker && places.circles.minutes[k] === minutes && open.has(places.circles.place[k]));
  }

  /* Names worth drawing: a community called by its id is left unnamed. */
  function nameUnlessId(communities) {
    return communities.name.map((name, i) => (name === communities.id[i] ? "" : name));
  }

  function widest(service) {
    return service.minutes[service.minutes.length - 1];
  }
})(window.planner);
