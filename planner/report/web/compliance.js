/* Standards that areas fail, most short first, and the list of multi-service places: on the map page and on the assessment page. */
"use strict";

(function (planner) {
  const { el, translate, format } = planner;

  function failing(row) {
    const required = row.part === null ? null : el("div", { class: "bar", role: "img", "aria-label": format.percent(row.part) },
      el("i", { class: "compliance-there", style: { width: `${(row.part * 100).toFixed(3)}%` } }));
    return el("li", { class: row.unsure ? "unsure" : "fails", "data-standard": row.standard, "data-area": row.area },
      el("p", { class: "compliance-line" },
        el("b", { class: "area" }, row.area), " ",
        el("span", { class: "compliance-verdict" }, row.verdict), " ",
        el("b", { class: "short" }, row.short)),
      el("p", {}, [row.name, row.service].filter(Boolean).join(" · ")),
      required || "",
      el("p", { class: "quiet" }, [row.figures, row.before].filter(Boolean).join(" · ")),
      row.closing ? el("p", {}, row.closing) : "",
      el("p", { class: "quiet hint" }, [row.kind, row.source, row.verified ? "" : translate("assess.unverified")].filter(Boolean).join(" · ")));
  }

  function hub(row) {
    return el("li", { class: row.passes ? "passes" : "fails" },
      el("p", {}, el("b", {}, row.place), " ", el("span", { class: "compliance-verdict" }, row.verdict)),
      row.failing ? el("p", {}, row.failing) : "",
      el("p", { class: "quiet hint" }, row.services));
  }

  /* Nothing where the folder was written before there were standards of areas. */
  function compliance(run) {
    const found = run.compliance;
    if (!found || !found.measured) return "";
    const passing = found.hubs.filter((one) => one.passes).length;
    return el("section", { class: "plan-compliance" },
      el("h2", {}, translate("compliance.title")),
      found.rows.length ? el("ol", { class: "compliance" }, found.rows.map(failing)) : el("p", {}, translate("compliance.none_fail")),
      found.more ? el("p", { class: "quiet" }, translate("compliance.more", { count: found.more })) : "",
      el("p", { class: "quiet hint" }, translate("compliance.hint")),
      el("h3", {}, found.hubs.length ? translate("compliance.hubs_title", { passes: passing, all: found.hubs.length }) : translate("compliance.no_hubs")),
      found.hubs.length ? el("ul", { class: "compliance" }, found.hubs.map(hub)) : "");
  }

  planner.compliance = compliance;
})(window.planner);
