// Runs before anything is drawn and says what the page is. Without scripts it is a page to scroll, and so it stays on narrow
// screens: text in a shrunken slide would be too small to read.
(function () {
  'use strict';
  var root = document.documentElement;
  var query = new URLSearchParams(location.search);
  var long = root.classList.contains('long') ? ' long' : '';
  var narrow = Math.min(window.innerWidth, window.innerHeight * 2) < 600 && !query.has('receiver');
  if (query.has('print-pdf') || query.get('view') === 'print') root.className = 'js sheets' + long;
  else if (narrow) root.className = 'js scroll' + long;
  else root.className = 'js loading' + long;
  if (narrow && root.classList.contains('scroll')) return;
  document.head.insertAdjacentHTML('beforeend', '<style>@page { size: 960px 540px; margin: 0 }</style>');
  // Should the deck not start, for whatever reason, it is the page to scroll again.
  document.addEventListener('DOMContentLoaded', function () {
    if (root.classList.contains('loading')) root.className = 'scroll' + long;
  });
})();
