/* The words of the page in both languages, and every figure with a name of its own. */
"use strict";

(function (planner) {
  const both = planner.data("planner-words");

  /* From here on everything is said in this language. */
  function speak(language) {
    planner.language = language;
    planner.use(both[language]);
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  }

  const whole = (value) => planner.format.whole(value);
  const signed = (value) => (value < 0.5 && value > -0.5 ? "0" : value > 0 ? `+${whole(value)}` : `−${whole(-value)}`);
  const yuan = (value) => (value < 0 ? `−${planner.format.yuan(-value, planner.language)}` : planner.format.yuan(value, planner.language));
  /* For narrow columns: 万元 in Chinese, millions in English, to the second decimal. */
  const shortYuan = (value) => (planner.language === "zh" ? `${grouped(value / 1e4, 1)} 万元` : `${grouped(value / 1e6, 2)} M`);
  const grouped = (value, decimals) => {
    const [whole, part] = Math.abs(value).toFixed(decimals).split(".");
    return `${value < 0 ? "−" : ""}${whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",")}.${part}`;
  };
  const minutesOf = (seconds) => seconds / 60;

  /* Lighter and lighter shades of a colour, the first one darkest: one per circle. */
  function shades(colour, count) {
    const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    return Array.from({ length: count }, (_, c) => {
      const pale = count === 1 ? 0 : 0.68 * Math.pow(c / (count - 1), 0.8);
      return `rgb(${parts.map((part) => Math.round(part + (255 - part) * pale)).join(" ")})`;
    });
  }

  Object.assign(planner, { speak, signed, yuan, shortYuan, minutesOf, shades });
})(window.planner);
