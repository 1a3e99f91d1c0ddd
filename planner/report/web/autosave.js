/* Decisions kept in the browser's storage under the digest of the run, so that a reload loses nothing; a warning before a page with
   decisions that were not exported is left. */
"use strict";

(function (planner) {
  const { decisions } = planner;

  /* {restored: date or null, exported(), unexported(), save()}; a review keeps its decisions apart from the plan's page. */
  function makeAutosave(store, placeIds) {
    const { facts, problem } = store;
    const key = ["planner-decisions", facts.digest, facts.scenario, ...(facts.review ? [facts.review.file.when] : [])].join(":");
    const written = (state) => JSON.stringify(decisions.exported(problem, facts, placeIds, state, store.ui.who || "", ""));
    const first = store.state();
    let exported = null, saved = "";

    const touched = () => store.state() !== first && (store.state().forced.size > 0 || store.state().base !== first.base || store.state().remark !== "" || first.forced.size > 0);

    function save() {
      if (!touched()) {
        if (saved) forget();
        return;
      }
      const text = written(store.state());
      if (text === saved) return;
      saved = text;
      keep({ file: JSON.parse(text), savedAt: new Date().toISOString(), exported: text === exported, variants: store.snapshots.map((one) => ({ name: one.name, file: JSON.parse(written(one.state)) })) });
    }

    function keep(value) {
      try {
        window.localStorage.setItem(key, JSON.stringify(value));
      } catch {
        /* storage is full or forbidden: the warning before leaving stays */
      }
    }

    const stateOf = (file) => {
      const state = decisions.imported(problem, facts, placeIds, file);
      return Object.hasOwn(problem.plans, file.base) ? { ...state, base: file.base } : state;
    };

    /* Take up what was kept; returns when it was saved, or null where nothing was kept or it is of no use. */
    function restore() {
      try {
        const kept = JSON.parse(window.localStorage.getItem(key));
        if (!kept) return null;
        const state = stateOf(kept.file);
        const variants = kept.variants.map((one) => ({ name: String(one.name), state: stateOf(one.file) }));
        store.history.to(state);
        store.snapshots.push(...variants);
        store.ui.who = String(kept.file.who || "");
        saved = written(store.state());
        if (kept.exported) exported = saved;
        return new Date(kept.savedAt);
      } catch {
        return null;
      }
    }

    function forget() {
      saved = "";
      try {
        window.localStorage.removeItem(key);
      } catch {
        /* nothing was kept */
      }
    }

    const unexported = () => touched() && written(store.state()) !== exported;
    document.addEventListener("change", save);
    window.addEventListener("beforeunload", (event) => {
      save();
      if (unexported()) event.preventDefault();
    });

    return {
      restored: restore(),
      unexported, save,
      exported() {
        exported = written(store.state());
        saved = "";
        save();
      },
    };
  }

  planner.makeAutosave = makeAutosave;
})(window.planner);
