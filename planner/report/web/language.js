/* Language of the page, and figures formatted in it. */
"use strict";

(function (planner) {
  const textsOf = planner.data("planner-words");

  /* Show every text in `language` from now on. */
  function useLanguage(language) {
    planner.language = language;
    planner.setTexts(textsOf[language]);
    document.documentElement.lang = planner.locales[language].tag;
  }

  const whole = (value) => planner.format.whole(value);
  const signed = (value) => (value < 0.5 && value > -0.5 ? "0" : value > 0 ? `+${whole(value)}` : `−${whole(-value)}`);
  const formatMoney = (value) => planner.format.money(value, planner.language);
  /* Money for narrow columns, in the short unit of the language. */
  const shortMoney = (value) => {
    const { short, short_unit: unit, short_decimals: decimals } = planner.locales[planner.language].money;
    return short.replace("{amount}", grouped(value / unit, decimals));
  };
  const grouped = (value, decimals) => {
    const [whole, part] = Math.abs(value).toFixed(decimals).split(".");
    return `${value < 0 ? "−" : ""}${whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",")}.${part}`;
  };
  const minutesOf = (seconds) => seconds / 60;

  /* Lighter and lighter shades of a colour, the first one darkest: one per circle. */
  function shades(colour, count) {
    const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    return Array.from({ length: count }, (_, c) => {
      const pale = count === 1 ? 0 : 0.68 * (c / (count - 1)) ** 0.8;
      return `rgb(${parts.map((part) => Math.round(part + (255 - part) * pale)).join(" ")})`;
    });
  }

  /* The language that the switch on the page changes to: the next of those the page carries. */
  function nextLanguage() {
    const codes = Object.keys(textsOf);
    return codes[(codes.indexOf(planner.language) + 1) % codes.length];
  }

  Object.assign(planner, { useLanguage, nextLanguage, signed, formatMoney, shortMoney, minutesOf, shades });
})(window.planner);
