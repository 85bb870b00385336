// "Jump to slide" (G) finds words in any script; reveal.js finds only those that stand between blanks, and takes them for a
// regular expression.
var TikuJump = {
  id: 'tiku-jump',
  init: function (deck) {
    'use strict';
    // What was found last, and what had been found, and where the deck stood, when the box was opened. While one types,
    // the deck is asked again and again, for parts of the words too: the answer must not depend on how often.
    var last = { query: '', place: -1 }, former = last, begun;

    function plain(text) { return text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' '); }

    function find(query) {
      var wanted = plain(query.trim()), slides = deck.getSlides();
      // The same words asked for anew: the next slide that has them.
      var from = wanted === former.query ? former.place + 1 : 0;
      for (var step = 0; wanted && step < slides.length; step++) {
        var place = (from + step) % slides.length;
        if (!plain(slides[place].textContent).includes(wanted)) continue;
        last = { query: wanted, place: place };
        return deck.getIndices(slides[place]);
      }
      return begun;
    }

    var read = deck.location.getIndicesFromHash;
    deck.location.getIndicesFromHash = function (hash, options) {
      if (!options || !options.oneBasedIndex || /^\d+(\/\d+)?$/.test(hash)) return read.call(deck.location, hash, options);
      return (/^[\w-]+$/.test(hash) && read.call(deck.location, hash, options)) || find(hash);
    };
    var toggle = deck.toggleJumpToSlide;
    deck.toggleJumpToSlide = function (shown) { former = last; begun = deck.getIndices(); toggle(shown); };
  }
};
