// Long decks: reveal.js goes through all slides it knows at every step, a second and more for some ten thousand. So it knows a
// window of them only, which follows the slide that is shown; the others wait outside of the document. To all who ask
// the deck itself (the address, keys, progress, speaker view, overview) slides keep their numbers.
var TikuWindow = {
  id: 'tiku-window',
  init: function (deck) {
    'use strict';
    var SIZE = 61, MARGIN = 12;
    if (!document.documentElement.classList.contains('long')) return;
    var box = deck.getSlidesElement(), all = Array.from(box.querySelectorAll('section')), count = all.length;
    var places = new Map(), names = new Map(), start = 0, end = 0, own = {};
    all.forEach(function (slide, place) { places.set(slide, place); names.set(slide.id, place); });
    Object.keys(deck).forEach(function (name) { if (typeof deck[name] === 'function') own[name] = deck[name]; });

    function put(first, last) {
      var next = null, active = deck.overview.isActive();
      for (var old = start; old < end; old++) {
        if (old >= first && old < last) continue;
        all[old].removeEventListener('click', deck.overview.onSlideClicked, true);
        all[old].style.transform = '';
        all[old].remove();
      }
      for (var place = last - 1; place >= first; place--) {
        if (all[place].parentNode !== box) box.insertBefore(all[place], next);
        if (active) all[place].addEventListener('click', deck.overview.onSlideClicked, true);
        next = all[place];
      }
      start = first;
      end = last;
      if (active) deck.overview.layout();
    }

    // Moves the window when `place` is not well inside. Whoever calls it must go to a slide at once; that is told as a change
    // only when its number in the window differs from the one `before`.
    function reach(place, before) {
      if ((place >= start + MARGIN || start === 0) && (place < end - MARGIN || end === count) && place >= start && place < end) return false;
      var first = Math.max(0, Math.min(place - (SIZE >> 1), count - SIZE));
      if (place && place - first === before) first += first ? -1 : 1;
      put(first, Math.min(first + SIZE, count));
      return true;
    }

    function here() {
      var h = own.getIndices().h;
      return h === undefined ? undefined : h + start;
    }

    function go(place, v, f, origin) {
      if (place === undefined) return own.slide(place, v, f, origin);
      place = Math.max(0, Math.min(Math.floor(Number(place)) || 0, count - 1));
      reach(place, own.getIndices().h);
      own.slide(place - start, v, f, origin);
    }

    deck.on('slidechanged', function () {
      Promise.resolve().then(function () {
        var place = here();
        if (reach(place, own.getIndices().h)) own.slide(place - start);
      });
    });

    var changed = {
      slide: go,
      getIndices: function (slide) {
        if (slide) return { h: places.get(slide) || 0, v: undefined, f: undefined };
        return Object.assign(own.getIndices(), { h: here() });
      },
      getSlides: function () { return all.slice(); },
      getHorizontalSlides: function () { return all.slice(); },
      getSlide: function (place) { return all[place]; },
      getTotalSlides: function () { return count; },
      getSlidePastCount: function (slide) { return slide ? places.get(slide) : here() || 0; },
      getProgress: function () {
        var parts = deck.getCurrentSlide() ? deck.getCurrentSlide().querySelectorAll('.fragment') : [];
        var shown = Array.from(parts).filter(function (part) { return part.classList.contains('visible'); }).length;
        return Math.min(((here() || 0) + (parts.length ? 0.9 * shown / parts.length : 0)) / (count - 1), 1);
      },
      isFirstSlide: function () { return here() === 0; },
      isLastSlide: function () { return here() === count - 1; },
      getState: function () { return Object.assign(own.getState(), { indexh: here() }); },
      setState: function (state) {
        go(state.indexh, undefined, state.indexf);
        own.setState(Object.assign({}, state, { indexh: own.getIndices().h }));
      }
    };
    Object.assign(deck, changed);
    if (window.Reveal !== deck) Object.assign(window.Reveal, changed);

    // A frame of the speaker view tells where it is.
    if (deck.getConfig().postMessageEvents && window.parent !== window) {
      deck.getConfig().postMessageEvents = false;
      ['ready', 'slidechanged', 'fragmentshown', 'fragmenthidden', 'paused', 'resumed'].forEach(function (name) {
        deck.on(name, function () {
          window.parent.postMessage(JSON.stringify({ namespace: 'reveal', eventName: name, state: deck.getState() }), '*');
        });
      });
    }

    // No slide has a background of its own.
    deck.backgrounds.create = deck.backgrounds.update = function () {};
    deck.overview.layout = function () {
      for (var place = start; place < end; place++) {
        all[place].dataset.indexH = place;
        all[place].style.transform = 'translate3d(' + (place - start) * this.overviewSlideWidth + 'px, 0, 0)';
      }
    };
    deck.overview.update = function () {
      var least = Math.min(window.innerWidth, window.innerHeight), scale = Math.max(least / 5, 150) / least;
      var across = -(own.getIndices().h || 0) * this.overviewSlideWidth;
      deck.transformSlides({ overview: 'scale(' + scale + ') translateX(' + across + 'px)' });
    };
    var read = deck.location.getIndicesFromHash;
    deck.location.getIndicesFromHash = function (hash, options) {
      var parts = /^#?\/?(.*?)(?:\/(-?\d+))?$/.exec(hash === undefined ? window.location.hash : hash), name = parts[1];
      try { name = decodeURIComponent(name); } catch (error) { /* no name of ours */ }
      if (names.has(name)) return { h: names.get(name), v: undefined, f: parts[2] ? Number(parts[2]) : undefined };
      return read.call(deck.location, hash, options);
    };

    // Paper shows all slides; reveal.js need not know.
    var kept;
    window.addEventListener('beforeprint', function () { kept = kept || [start, end]; put(0, count); });
    window.addEventListener('afterprint', function () { if (kept) put(kept[0], kept[1]); kept = undefined; });
    box.replaceChildren();
    put(0, Math.min(SIZE, count));
  }
};
