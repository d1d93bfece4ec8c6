// Keeps the page as the agent sees things: by server-sent events, else by asking every few seconds.
//
// It knows nothing of what is shown. The server sends the page as a tree, which is laid over the DOM that is there:
// nodes with an id stay who they are, so that focus, selection and opened details survive. Text is only ever put into
// text nodes; no text is parsed as HTML.
'use strict';
(() => {
  const POLL = 3000, HIDDEN_POLL = 60000;  // milliseconds
  const FIRST_WORD = 5000;                 // a stream that a proxy holds back is given up after it
  const SILENCE = 25000;                   // the agent speaks every 10 s
  const PAUSE = 10000, LONGEST_PAUSE = 60000;  // between two tries for a stream

  const byId = (id) => document.getElementById(id);
  const page = byId('page'), link = byId('link'), said = byId('said'), icon = byId('icon');

  // --- the tree over the DOM

  const idOf = (want) => typeof want === 'string' ? undefined : want.same ?? want[1].id;

  function make(want) {
    if (want.same) throw new Error(`${want.same} is not there`);
    return typeof want === 'string' ? document.createTextNode(want) : document.createElement(want[0]);
  }

  function fits(node, want) {
    if (!node) return false;
    if (typeof want === 'string') return node.nodeType === Node.TEXT_NODE;
    return node.nodeType === Node.ELEMENT_NODE && !node.id && node.localName === want[0];
  }

  function layAttributes(element, attributes) {
    for (const { name } of [...element.attributes])
      if (!(name in attributes) && name !== 'open') element.removeAttribute(name);
    for (const [name, value] of Object.entries(attributes))
      if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }

  function lay(node, want) {
    if (want.same) return;
    if (typeof want === 'string') {
      if (node.data !== want) node.data = want;
      return;
    }
    layAttributes(node, want[1]);
    if (want[0] !== 'time') layChildren(node, want.slice(2));  // the words of a time are the clock's
  }

  function layChildren(parent, wants) {
    const ids = new Set(wants.map(idOf)), known = new Map();
    for (const child of [...parent.childNodes]) {
      if (!child.id) continue;
      if (ids.has(child.id)) known.set(child.id, child);
      else child.remove();
    }
    let at = parent.firstChild;
    const removeAt = () => {
      const next = at.nextSibling;
      at.remove();
      at = next;
    };
    for (const want of wants) {
      const id = idOf(want);
      const node = (id ? known.get(id) : fits(at, want) && at) || make(want);
      // What is in the way goes, rather than that a node is moved, which would cost it the focus.
      while (known.has(id) && at && at !== node && !at.id) removeAt();
      if (node === at) at = at.nextSibling;
      else parent.insertBefore(node, at);
      lay(node, want);
    }
    while (at) removeAt();
  }

  // --- time

  let ahead = Date.parse(page.dataset.now) - Date.now();  // of the host's clock, against this one

  // As report::Age of the server.
  function age(milliseconds) {
    const seconds = Math.max(Math.floor(milliseconds / 1000), 0);
    if (seconds < 120) return `${seconds}s`;
    if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
    if (seconds < 172800) return `${Math.floor(seconds / 3600)}h`;
    return `${Math.floor(seconds / 86400)}d`;
  }

  function tick() {
    const now = Date.now() + ahead;
    for (const time of document.getElementsByTagName('time')) {
      const text = age(now - Date.parse(time.dateTime));
      if (time.textContent !== text) time.textContent = text;
    }
  }

  // --- what is shown around the tree

  const headline = () => byId('headline').lastChild.data;  // without its mark

  function say(text) {
    if (said.textContent !== text) said.textContent = text;
  }

  function paintIcon() {
    const color = getComputedStyle(byId('verdict')).getPropertyValue('--level').trim();
    const circle = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4" fill="${color}"/></svg>`;
    icon.href = `data:image/svg+xml,${encodeURIComponent(circle)}`;
  }

  let heard = Date.now();  // when the agent last said something

  const words = {
    live: () => ['live'],
    asking: () => [`asked every ${POLL / 1000} s, `, ['time', stamp()], ' old'],
    lost: () => ['The agent cannot be reached. This is how it was ', ['time', stamp()],
                 ` ago, at ${new Date(heard).toLocaleTimeString()}.`],
  };
  const stamp = () => ({ datetime: new Date(heard + ahead).toISOString() });

  function setLink(state) {
    const before = document.documentElement.dataset.link;
    document.documentElement.dataset.link = state;
    link.className = { live: 'ok', asking: 'busy', lost: 'bad' }[state];
    layChildren(link, words[state]());
    tick();
    if (state === 'lost' && before !== 'lost') say('The agent cannot be reached.');
    if (state !== 'lost' && before === 'lost') say(`The agent answers again: ${headline()}`);
    paintIcon();
  }

  function show(update, state) {
    const before = headline();
    layChildren(page, update.content);
    page.dataset.level = update.level;
    page.dataset.now = update.now;
    document.title = update.title;
    heard = Date.now();
    ahead = Date.parse(update.now) - heard;
    setLink(state);
    if (headline() !== before) say(headline());
  }

  // --- where it comes from

  let stream, timer, pause = 0, nextTry = 0, question = 0;

  function later(action, delay) {
    clearTimeout(timer);
    timer = setTimeout(action, delay);
  }

  function follow() {
    pause = Math.min(pause * 2 || PAUSE, LONGEST_PAUSE);
    nextTry = Date.now() + pause;
    stream = new EventSource('page?follow=true');
    stream.onmessage = (event) => {
      pause = nextTry = 0;
      later(ask, SILENCE);
      try {
        show(JSON.parse(event.data), 'live');
      } catch {
        ask();  // what is there is not what the server takes it for: begin with the whole
      }
    };
    stream.addEventListener('beat', () => {
      heard = Date.now();
      later(ask, SILENCE);
    });
    stream.onerror = ask;
    later(ask, FIRST_WORD);
  }

  // Without the stream, which is tried again now and then.
  async function ask() {
    const mine = ++question;  // of two at a time the later one counts
    stream?.close();
    clearTimeout(timer);
    try {
      const answer = await fetch('page', { cache: 'no-store', signal: AbortSignal.timeout(FIRST_WORD) });
      if (!answer.ok) throw new Error(answer.statusText);
      const update = await answer.json();
      if (mine !== question) return;
      show(update, 'asking');
      if (!document.hidden && Date.now() >= nextTry) return follow();
    } catch {
      if (mine !== question) return;
      setLink('lost');
      pause = nextTry = 0;
    }
    later(ask, document.hidden ? HIDDEN_POLL : POLL);
  }

  // A tab in the background holds no stream; its title is kept up all the same.
  document.addEventListener('visibilitychange', () => {
    nextTry = 0;
    ask();
  });
  addEventListener('pageshow', (event) => event.persisted && ask());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paintIcon);

  setInterval(tick, 1000);
  tick();
  follow();
})();
