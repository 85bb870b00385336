// Starts the deck.
(function () {
  'use strict';
  var root = document.documentElement;

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

  // Whoever follows a link reads on from where it leads: the link is on a slide that is hidden now.
  function follow(event) {
    if (!event.target.closest || !event.target.closest('a[href^="#/"]')) return;
    var title = Reveal.getCurrentSlide().querySelector('.title');
    title.tabIndex = -1;
    title.focus({ preventScroll: true });
  }

  if (!root.classList.contains('loading')) return;
  root.classList.remove('loading');
  ['ready', 'slidechanged', 'fragmentshown', 'fragmenthidden'].forEach(function (name) { Reveal.on(name, hush); });
  Reveal.initialize({
    width: 960, height: 540, margin: 0, minScale: 0.2, maxScale: 4, center: false, hash: true, controls: true,
    controlsTutorial: false, progress: true, slideNumber: false, transition: 'none', backgroundTransition: 'none',
    rtl: root.dir === 'rtl', scrollActivationWidth: null, help: true, plugins: [TikuWindow, TikuJump, RevealNotes]
  });
  window.addEventListener('click', follow);  // after reveal.js, which hears it at the slides
  // On paper: see print.css.
  window.addEventListener('beforeprint', function () { root.classList.add('sheets'); });
  window.addEventListener('afterprint', function () { root.classList.remove('sheets'); });
})();
