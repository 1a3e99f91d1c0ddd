/* Decisions of the meeting as immutable states with undo; no access to the page.

   A decision forces one service at one place open or closed; a whole place can be closed (nothing new there) or kept (at least one
   service there). An open service may be run in any way (size, extension, where it moves from) unless one was chosen: then the
   decision is exact. Everything undecided follows the base: baseline or plan. */
"use strict";

(function (planner) {
  const keyOf = (site, service) => (service === null ? `${site}` : `${site} ${service}`);

  const nothing = (base) => ({ base, forced: new Map(), remark: "" });

  /* The offers open under a state, ascending. */
  function chosenBy(problem, state) {
    const { offers, plans } = problem;
    const at = new Map();
    for (const offer of plans[state.base]) at.set(keyOf(offers.site[offer], offers.service[offer]), offer);
    for (const [key, decision] of state.forced) {
      if (decision.service === null) continue;
      if (decision.open) at.set(key, decision.offer);
      else at.delete(key);
    }
    for (const decision of state.forced.values()) {
      if (decision.service !== null || decision.open) continue;
      for (const [key, offer] of at) {
        if (offers.site[offer] === decision.site && !offers.stands[offer]) at.delete(key);
      }
    }
    /* a facility that moves closes at its old place */
    for (const offer of [...at.values()]) {
      const from = offers.moves[offer];
      if (from >= 0) at.delete(keyOf(offers.site[from], offers.service[from]));
    }
    return [...at.values()].sort((a, b) => a - b);
  }

  /* Index from place and service to offers. */
  const indexes = new WeakMap();
  function cells(problem) {
    if (!indexes.has(problem)) {
      const { offers } = problem, fresh = new Map(), stands = new Map();
      for (let offer = 0; offer < offers.count; offer += 1) {
        const key = keyOf(offers.site[offer], offers.service[offer]);
        if (offers.stands[offer]) stands.set(key, offer);
        else if (fresh.has(key)) fresh.get(key).push(offer);
        else fresh.set(key, [offer]);
      }
      for (const ways of fresh.values()) ways.sort((a, b) => (offers.moves[a] >= 0) - (offers.moves[b] >= 0) || offers.area[a] - offers.area[b] || a - b);
      indexes.set(problem, { fresh, stands });
    }
    return indexes.get(problem);
  }

  /* The ways a service can be run anew at a place, smallest first. */
  function offersAt(problem, site, service) {
    return cells(problem).fresh.get(keyOf(site, service)) || [];
  }

  /* The facility that runs a service at a place today; −1 for none. */
  function standing(problem, site, service) {
    const found = cells(problem).stands.get(keyOf(site, service));
    return found === undefined ? -1 : found;
  }

  function forced(state, decision) {
    const next = new Map(state.forced);
    const key = keyOf(decision.site, decision.service);
    const before = next.get(key);
    next.set(key, { remark: before ? before.remark : "", ...decision });
    if (decision.service !== null && decision.open) {
      const whole = next.get(keyOf(decision.site, null));
      if (whole && !whole.open) next.delete(keyOf(decision.site, null));
    }
    if (decision.service === null && !decision.open) {
      for (const [other, one] of next) if (one.site === decision.site && one.service !== null && one.open) next.delete(other);
    }
    return { ...state, forced: next };
  }

  function freed(state, site, service) {
    const next = new Map(state.forced);
    next.delete(keyOf(site, service));
    return { ...state, forced: next };
  }

  function remarked(state, site, service, remark) {
    const key = keyOf(site, service), next = new Map(state.forced);
    if (!next.has(key)) return state;
    next.set(key, { ...next.get(key), remark });
    return { ...state, forced: next };
  }

  /* Undo history of states. */
  function history(first) {
    const states = [first];
    let at = 0;
    return {
      now: () => states[at],
      to(state) {
        states.splice(at + 1);
        states.push(state);
        if (states.length > 500) states.shift();
        at = states.length - 1;
      },
      /* Replace the current state without a new undo step (a remark being typed). */
      amend(state) {
        states[at] = state;
      },
      undo: () => (at > 0 ? ((at -= 1), true) : false),
      redo: () => (at < states.length - 1 ? ((at += 1), true) : false),
      canUndo: () => at > 0,
      canRedo: () => at < states.length - 1,
    };
  }

  /* ---- the file that goes back to the planner (planner/workflow/decisions.py reads it) ---- */

  function exported(problem, run, placeIds, state, who, when) {
    const { offers } = problem, service = (k) => problem.services[k].id;
    const way = (offer) => ({
      size: offer < 0 ? "" : offers.size[offer],
      moves_from: offer < 0 || offers.moves[offer] < 0 ? "" : placeIds[offers.site[offers.moves[offer]]],
    });
    return {
      version: 1,
      run: { id: run.runId, digest: run.digest, scenario: run.scenario, study: run.study },
      who, when, remark: state.remark, base: state.base,
      decisions: [...state.forced.values()].map((decision) => ({
        place_id: placeIds[decision.site],
        service: decision.service === null ? null : service(decision.service),
        state: decision.open ? "open" : "closed",
        ...way(decision.service === null || !decision.open ? -1 : decision.offer), exact: Boolean(decision.exact),
        remark: decision.remark, who: decision.who || who, when: decision.when,
      })),
      open: chosenBy(problem, state).map((offer) => ({
        place_id: placeIds[offers.site[offer]], service: service(offers.service[offer]), ...way(offer),
        stands: Boolean(offers.stands[offer]),
      })),
    };
  }

  /* Read an exported file; throws an Error whose message is the key of a text. */
  function imported(problem, run, placeIds, file) {
    if (!file || file.version !== 1 || !file.run || !Array.isArray(file.decisions)) throw new Error("not_decisions");
    if (file.run.digest !== run.digest) throw new Error("stale_decisions");
    const place = new Map(placeIds.map((id, j) => [id, j]));
    const service = new Map(problem.services.map((one, k) => [one.id, k]));
    let state = { ...nothing(problem.plans.completed ? "completed" : Object.hasOwn(problem.plans, file.base) ? file.base : "plan"), remark: String(file.remark || "") };
    for (const one of file.decisions) {
      const site = place.get(one.place_id), k = one.service === null ? null : service.get(one.service);
      if (site === undefined || k === undefined) throw new Error("not_decisions");
      const open = one.state === "open";
      let offer = -1;
      if (open && k !== null) {
        const ways = offersAt(problem, site, k), stands = standing(problem, site, k);
        const from = (way) => (problem.offers.moves[way] < 0 ? "" : placeIds[problem.offers.site[problem.offers.moves[way]]]);
        offer = ways.find((way) => problem.offers.size[way] === one.size && from(way) === (one.moves_from || ""));
        if (offer === undefined && one.exact) throw new Error("not_decisions");
        if (offer === undefined) offer = ways.length ? ways[0] : stands;
        if (offer < 0) throw new Error("not_decisions");
      }
      state = forced(state, { site, service: k, open, offer, exact: Boolean(one.exact), remark: String(one.remark || ""), who: String(one.who || ""), when: String(one.when || "") });
    }
    return state;
  }

  planner.decisions = { keyOf, nothing, chosenBy, offersAt, standing, forced, freed, remarked, history, exported, imported };
})(window.planner);
