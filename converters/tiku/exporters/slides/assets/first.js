// Runs before anything is drawn. Without scripts the deck is a page to scroll, and so it stays on narrow screens: text in a
// shrunken slide would be too small to read.
(function () {
  'use strict';
  var query = new URLSearchParams(location.search);
  var printing = query.has('print-pdf') || query.get('view') === 'print';
  var inside = query.has('receiver');
  var narrow = Math.min(window.innerWidth, window.innerHeight * 2) < 600 && !printing && !inside;
  document.documentElement.className = narrow ? 'js scroll' : 'js';
})();
