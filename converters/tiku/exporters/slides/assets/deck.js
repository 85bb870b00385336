// Starts the deck, or gives the page to scroll its buttons.
(function () {
  'use strict';
  var root = document.documentElement;

  function scroll() {
    root.classList.toggle('long', document.querySelectorAll('.slides > section').length > 300);
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

  // A screen reader is told of an answer when it is shown, not before: reveal.js would read the slide with all there is.
  function hush(event) {
    var slide = Reveal.getCurrentSlide();
    if (slide) slide.querySelectorAll('.fragment').forEach(function (answer) {
      if (answer.classList.contains('visible')) answer.removeAttribute('aria-hidden');
      else answer.setAttribute('aria-hidden', 'true');
    });
    var status = document.querySelector('.aria-status');
    if (event.type === 'fragmentshown' && status) status.textContent = event.fragment.innerText;
  }

  if (root.classList.contains('scroll')) { scroll(); return; }
  ['ready', 'slidechanged', 'fragmentshown', 'fragmenthidden'].forEach(function (name) { Reveal.on(name, hush); });
  Reveal.initialize({
    width: 960, height: 540, margin: 0, minScale: 0.2, maxScale: 4, center: false, hash: true, controls: true,
    controlsTutorial: false, progress: true, slideNumber: false, transition: 'none', backgroundTransition: 'none',
    pdfSeparateFragments: false, pdfMaxPagesPerSlide: 1, rtl: root.dir === 'rtl', scrollActivationWidth: null,
    help: true, plugins: [RevealNotes]
  });
})();
