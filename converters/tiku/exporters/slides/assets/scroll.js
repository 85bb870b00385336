// The page to scroll: answers behind buttons, and the focus where a link leads.
(function () {
  'use strict';
  if (!document.documentElement.classList.contains('scroll')) return;

  document.querySelectorAll('.fragment').forEach(function (answer) {
    var button = document.createElement('button');
    button.className = 'show';
    button.type = 'button';
    button.textContent = answer.dataset.show;
    button.addEventListener('click', function () {
      answer.classList.add('shown');
      answer.tabIndex = -1;
      answer.focus();
      button.remove();
    });
    answer.before(button);
  });

  // The browser scrolls there by itself: titles have the names that links say.
  function follow() {
    var title = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!title) return;
    title.tabIndex = -1;
    title.focus({ preventScroll: true });
  }
  window.addEventListener('hashchange', follow);
  follow();
})();
