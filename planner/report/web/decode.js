/* Decoding of numbers in the data blocks of a page (planner/report/encoding.py). */
"use strict";
window.planner = window.planner || {};

(function (planner) {
  function bytes(text) {
    const letters = atob(text);
    const found = new Uint8Array(letters.length);
    for (let i = 0; i < letters.length; i += 1) found[i] = letters.charCodeAt(i);
    return found;
  }

  function counts(text, length, Kind) {
    const source = bytes(text), found = new Kind(length);
    let at = 0;
    for (let i = 0; i < length; i += 1) {
      let digit = source[at++], number = digit & 127, scale = 128;
      while (digit > 127) {
        digit = source[at++];
        number += (digit & 127) * scale;
        scale *= 128;
      }
      found[i] = number;
    }
    return found;
  }

  function steps(text, length) {
    const found = counts(text, length, Float64Array);
    let sum = 0;
    for (let i = 0; i < length; i += 1) {
      const step = found[i];
      sum += step % 2 ? -(step + 1) / 2 : step / 2;
      found[i] = sum;
    }
    return found;
  }

  function floats(packed, length) {
    if (packed.counts !== undefined) return counts(packed.counts, length, Float64Array);
    const view = new DataView(bytes(packed.floats).buffer), found = new Float64Array(length);
    for (let i = 0; i < length; i += 1) found[i] = view.getFloat64(8 * i, true);
    return found;
  }

  planner.decode = { bytes, counts, steps, floats };
})(window.planner);
