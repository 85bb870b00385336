// Starts the deck. On narrow screens it stays a page to scroll, as text in a shrunken slide would be too small to read.
(function () {
  'use strict';
  var query = new URLSearchParams(location.search);
  var printing = query.has('print-pdf') || query.get('view') === 'print';
  var inside = query.has('receiver');
  var narrow = Math.min(window.innerWidth, window.innerHeight * 2) < 600 && !printing && !inside;
  var root = document.documentElement;

  function scroll() {
    root.classList.add('scroll');
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
    document.addEventListener('click', function (event) {
      var link = event.target.closest && event.target.closest('a[href^="#/"]');
      if (!link) return;
      var target = document.getElementById(link.getAttribute('href').slice(2));
      if (!target) return;
      event.preventDefault();
      target.scrollIntoView();
      var title = target.querySelector('.title');
      if (title) { title.tabIndex = -1; title.focus({ preventScroll: true }); }
    });
  }

  if (narrow) { scroll(); return; }
  Reveal.initialize({
    width: 960, height: 540, margin: 0, minScale: 0.2, maxScale: 4, center: false, hash: true, controls: true,
    controlsTutorial: false, progress: true, slideNumber: false, transition: 'none', backgroundTransition: 'none',
    pdfSeparateFragments: false, pdfMaxPagesPerSlide: 1, rtl: root.dir === 'rtl', scrollActivationWidth: null,
    help: true, plugins: [RevealNotes]
  });
})();
