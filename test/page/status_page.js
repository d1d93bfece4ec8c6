// The status page as people meet it: a real agent, a fake Docker, and Chromium. page_test.py runs it.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { after, afterEach, before, beforeEach, test } = require('node:test');
const { chromium } = require('playwright-core');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const { Host, until } = require('./host.js');

const PATIENCE = 60000;
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
                   '--disable-component-update', '--disable-sync'];
const RUNNER = 'drone/drone-runner-aws', DELEGATE = 'us-west1-docker.pkg.dev/gar-setup/docker/delegate';
const DOCUMENT = { 'vm-runner': `${RUNNER}:1.0.0-rc.310`, 'docker-delegate': `${DELEGATE}:25.03.85504` };
const NEXT = { ...DOCUMENT, 'docker-delegate': `${DELEGATE}:26.07.89501` };
const NEVER_READY = { ...DOCUMENT, 'docker-delegate': `${DELEGATE}:never-ready` };
const HOSTILE = '<img src=x onerror="document.title=`pwned`"><script>document.title="pwned"</script>';

let browser, host, complaints;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, headless: true, args: ARGUMENTS });
});
after(() => browser.close());
beforeEach(async () => {
  complaints = [];
  host = await Host.start();
  for (const image of [...Object.values(DOCUMENT), ...Object.values(NEXT)]) await host.publish(image);
  await host.publish(NEVER_READY['docker-delegate'], { health: 'starting' });
});
afterEach(async (context) => {
  for (const one of browser.contexts()) await one.close();
  if (context.error ?? context.signal?.aborted) console.error(host.log());
  await host.close();
});

// A page of a fresh profile that is looking at the host. What the browser complains of is an error: a blocked script,
// an exception.
async function open({ link = 'live', ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // An agent that is gone is refused connections; that is no mistake of the page.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) complaints.push(message.text());
  });
  await page.goto(host.url);
  if (link) await page.waitForSelector(`html[data-link="${link}"]`);
  return page;
}

const wordsOf = async (locator) => (await locator.innerText()).replace(/\s+/g, ' ').trim();
const headline = (page) => wordsOf(page.locator('#headline'));
const card = (page, object) => page.locator(`article[id="${object}"]`);

async function shoot(page, name) {
  fs.mkdirSync(process.env.SHOTS, { recursive: true });
  await page.screenshot({ path: path.join(process.env.SHOTS, `${name}.png`), fullPage: true });
}

// Reloads must not be what makes a test pass: the very document that was loaded first is still there.
async function markDocument(page) {
  await page.evaluate(() => { window.loadedOnce = true; });
  return async () => assert.equal(await page.evaluate(() => window.loadedOnce), true, 'the page was loaded again');
}

async function violations(page) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return result.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html).join(' | ')}`);
}

const scrollsSideways = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

async function rollBack() {
  await host.converge(DOCUMENT);
  host.write(NEVER_READY);
  await until('it is rolled back', async () => /RolledBack/.test((await host.get('readyz')).body));
}

test('a container that somebody removed is seen missing and back again, without a reload', async () => {
  await host.converge(DOCUMENT);
  const page = await open();
  const notReloaded = await markDocument(page);
  assert.equal(await headline(page), '✓ Ready');
  const creation = host.proxy.hold('POST', /\/containers\/create/);
  await host.docker('DELETE', '/containers/vm-runner?force=1');
  await card(page, 'container/vm-runner').getByText('missing', { exact: true }).waitFor();
  await page.locator('#verdict.busy').waitFor();
  assert.match(await card(page, 'container/vm-runner').innerText(), /CreateContainer vm-runner from .* \(not found\)/);
  assert.equal(await page.title(), 'Working on it: gitspaces-us-west1');
  await shoot(page, 'missing');
  creation.release();
  await page.locator('#verdict.ok').waitFor();
  await card(page, 'container/vm-runner').getByText('as declared').waitFor();
  assert.match(await page.locator('#events').innerText(), /vm-runner\s+CreateContainer/);
  await notReloaded();
  assert.deepEqual(complaints, []);
});

test('a change that was rolled back says so, with its reason', async () => {
  await host.converge(DOCUMENT);
  const page = await open();
  host.write(NEVER_READY);
  await page.locator('.rollout.busy').waitFor();
  await page.locator('.rollout.bad').waitFor();
  await page.locator('#verdict.bad').waitFor();
  const text = await wordsOf(card(page, 'container/docker-delegate'));
  assert.match(text, /Rolled back \d+s ago: 25\.03\.85504 → to never-ready/);
  assert.match(text, /not ready within 2s/);
  assert.match(await page.locator('#verdict').innerText(), /Not ready.*docker-delegate.*RolledBack/s);
  await shoot(page, 'rolled-back');
  assert.deepEqual(complaints, []);
});

test('a pull shows how far it is', async () => {
  await host.converge(DOCUMENT);
  const page = await open();
  const pull = host.proxy.hold('POST', /\/images\/create/);
  host.write(NEXT);
  const docker = await pull.held;
  docker.writeHead(200, { 'Content-Type': 'application/json' });
  // As Docker: each layer again and again, as far as it is.
  const layers = { aaaaaaaaaaaa: 10, bbbbbbbbbbbb: 20 };
  const speaking = setInterval(() => {
    for (const [id, mebibytes] of Object.entries(layers)) {
      const progressDetail = { current: mebibytes << 20, total: 100 << 20 };
      docker.write(`${JSON.stringify({ status: 'Downloading', id, progressDetail })}\r\n`);
    }
  }, 100);
  await page.getByText('0 of 2 layers, 30 of 200 MiB').first().waitFor();
  const bar = page.locator('progress');
  assert.equal(await bar.evaluate((one) => Math.round(100 * one.position)), 15);
  const stops = host.proxy.hold('POST', /\/stop/);
  layers.bbbbbbbbbbbb = 90;
  await page.getByText('0 of 2 layers, 100 of 200 MiB').first().waitFor();
  const text = await wordsOf(card(page, 'container/docker-delegate'));
  assert.match(text, /What differs image 25\.03\.85504 → to 26\.07\.89501/);
  await shoot(page, 'pull');
  clearInterval(speaking);
  pull.release();
  await bar.waitFor({ state: 'detached' });
  stops.release();
  await page.locator('#verdict.ok').waitFor();
  assert.match(await card(page, 'container/docker-delegate').innerText(), /Rolled out \d+s ago/);
  assert.deepEqual(complaints, []);
});

test('an agent that is gone is told, with the age of what is shown; one that comes back is shown again', async () => {
  await host.converge(DOCUMENT);
  const page = await open();
  const notReloaded = await markDocument(page);
  await host.stopAgent('SIGKILL');
  await page.locator('html[data-link="lost"]').waitFor();
  assert.match(await page.locator('#link').innerText(), /^The agent cannot be reached\. This is how it was \d+s ago, at .*\d/);
  assert.equal(await page.locator('#said').innerText(), 'The agent cannot be reached.');
  const ground = (where) => page.locator(where).evaluate((one) => getComputedStyle(one).backgroundColor);
  const [red, green, blue] = (await ground('#verdict')).match(/\d+/g).map(Number);
  assert.ok(Math.max(red, green, blue) - Math.min(red, green, blue) < 10, 'what may be over is not shown in green');
  await shoot(page, 'lost');
  const before = await page.locator('#link time').innerText();
  await until('its age grows', async () => await page.locator('#link time').innerText() !== before);
  await host.startAgent();
  await page.locator('html[data-link="live"]').waitFor();
  await page.locator('#verdict.ok').waitFor();
  await notReloaded();
  assert.deepEqual(complaints, []);
});

test('an agent that hangs is told though its connection stands', async () => {
  await host.converge(DOCUMENT);
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.clock.install();
  await page.goto(host.url);
  await page.waitForSelector('html[data-link="live"]');
  host.agent.kill('SIGSTOP');
  await page.clock.fastForward(26000);  // the stream is silent
  await page.clock.fastForward(6000);   // and no answer comes
  await page.waitForSelector('html[data-link="lost"]');
  host.agent.kill('SIGCONT');
  await until('it is asked again', async () => {
    await page.clock.fastForward(4000);
    return await page.locator('html[data-link="live"]').count() > 0;
  });
});

test('where the stream is refused the page asks, and shows what it is told', async () => {
  await host.converge(DOCUMENT);
  const streams = [];
  for (let i = 0; i < 16; ++i)
    streams.push(await new Promise((resolve, reject) => {
      http.get(`${host.url}page?follow=true`, resolve).on('error', reject);
    }));
  assert.ok(streams.every((one) => one.statusCode === 200));
  const refused = await host.get('page?follow=true');
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers['retry-after']) > 0);
  assert.equal((await host.get('livez')).status, 200);
  const page = await open({ link: 'asking' });
  const creation = host.proxy.hold('POST', /\/containers\/create/);
  await host.docker('DELETE', '/containers/vm-runner?force=1');
  await card(page, 'container/vm-runner').getByText('missing', { exact: true }).waitFor();
  assert.match(await page.locator('#link').innerText(), /^asked every 3 s, \d+s old/);
  creation.release();
  await page.locator('#verdict.ok').waitFor();
  for (const stream of streams) stream.destroy();
  await page.locator('html[data-link="live"]').waitFor();  // a place is free
  assert.deepEqual(complaints, []);
});

test('a stream that a proxy holds back is given up for asking', async () => {
  await host.converge(DOCUMENT);
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  await page.route('**/page?follow=true', () => {});  // never answered
  await page.goto(host.url);
  await page.locator('html[data-link="asking"]').waitFor();
  assert.equal(await headline(page), '✓ Ready');
});

test('focus, opened details and nodes survive what changes around them', async () => {
  await host.converge(DOCUMENT);
  const page = await open();
  const summary = card(page, 'container/docker-delegate').locator('summary');
  await summary.focus();
  await page.keyboard.press('Enter');
  const details = await card(page, 'container/docker-delegate').locator('details').elementHandle();
  await card(page, 'container/docker-delegate').evaluate((one) => { one.mine = true; });
  const place = await summary.boundingBox();
  host.write(NEXT);
  await page.locator('.rollout').waitFor();
  await page.locator('#verdict.ok').waitFor();
  assert.equal(await details.evaluate((one) => one.open && one.isConnected), true);
  assert.equal(await summary.evaluate((one) => one === document.activeElement), true);
  assert.equal(await card(page, 'container/docker-delegate').evaluate((one) => one.mine), true);
  assert.equal((await summary.boundingBox()).x, place.x);
});

test('without JavaScript it shows the basics', async () => {
  await rollBack();
  const page = await open({ link: null, javaScriptEnabled: false });
  assert.equal(await headline(page), '✕ Not ready');
  const text = await page.locator('body').innerText();
  for (const what of [/docker-delegate/, /RolledBack/, /not ready within 2s/, /vm-runner/, /as declared/, /Ask again/,
                      /Generation\s+2, observed 1/])
    assert.match(text, what);
  assert.ok(await page.locator('article').count() === 3);
});

test('the words of a time are the same from the server and from the browser', async () => {
  await host.converge(DOCUMENT);
  const page = await open();
  await page.clock.setFixedTime(Date.now());  // and so every age is that at the last update
  await page.reload();
  await page.waitForSelector('html[data-link="live"]');
  const golden = path.join(__dirname, '../golden/status/ages.txt');  // report_test reads it too
  const ages = fs.readFileSync(golden, 'utf8').trim().split('\n').map((line) => line.split(' '));
  const shown = await page.evaluate(async (list) => {
    const now = Date.parse(document.getElementById('page').dataset.now);
    const times = list.map(([seconds]) => {
      const time = document.createElement('time');
      time.dateTime = new Date(now - 1000 * seconds).toISOString();
      document.body.append(time);
      return time;
    });
    while (times.some((time) => !time.textContent)) await new Promise(requestAnimationFrame);
    return times.map((time) => time.textContent);
  }, ages);
  assert.deepEqual(shown, ages.map(([, words]) => words));
});

test('hostile text is text', async () => {
  const image = 'example.org/box:1';
  await host.publish(image);
  host.write({}, { [HOSTILE]: 1 });
  await host.startAgent();
  const page = await open();
  await page.locator('#document li.bad').getByText('<script>').waitFor();
  host.write({ box: image });
  await page.locator('#verdict.ok').waitFor();
  const hold = host.proxy.hold('POST', /\/images\/create/);
  await host.publish('example.org/box:2');
  host.write({ box: 'example.org/box:2' });
  const docker = await hold.held;
  docker.writeHead(500, { 'Content-Type': 'application/json' });
  docker.end(JSON.stringify({ message: HOSTILE }));
  await card(page, 'container/box').getByText(HOSTILE).first().waitFor();
  assert.equal(await page.locator('main img, main script').count(), 0);
  assert.doesNotMatch(await page.title(), /pwned/);
  await page.reload();
  await card(page, 'container/box').getByText(HOSTILE).first().waitFor();
  assert.equal(await page.locator('main img, main script').count(), 0);
  assert.doesNotMatch(await page.title(), /pwned/);
  assert.deepEqual(complaints, []);
});

test('the policy of the page lets nothing else run', async () => {
  await host.converge(DOCUMENT);
  const page = await open();
  assert.deepEqual(complaints, []);
  const blocked = await page.evaluate(() => new Promise((resolve) => {
    document.addEventListener('securitypolicyviolation', (event) => resolve(event.violatedDirective));
    const script = document.createElement('script');
    try { script.textContent = 'document.title = "pwned"'; } catch { return resolve('trusted-types'); }
    document.body.append(script);
  }));
  assert.match(blocked, /script-src|trusted-types/);
});

test('nothing is asked of any other server', async () => {
  await host.converge(DOCUMENT);
  const context = await browser.newContext();
  const page = await context.newPage();
  const asked = new Set();
  page.on('request', (request) => asked.add(new URL(request.url()).origin));
  await page.goto(host.url);
  await page.waitForSelector('html[data-link="live"]');
  asked.delete('null');  // data:
  assert.deepEqual([...asked], [new URL(host.url).origin]);
});

test('a phone needs no scrolling sideways, at 320 pixels either', async () => {
  await rollBack();
  for (const [name, width, height] of [['phone', 390, 844], ['narrow', 320, 640]]) {
    const page = await open({ viewport: { width, height }, isMobile: true, hasTouch: true });
    assert.equal(await scrollsSideways(page), false, `${width} pixels`);
    const verdict = await page.locator('#verdict').boundingBox();
    assert.ok(verdict.y + 120 < height, 'the verdict is on the first screen');
    await page.locator('summary').first().click();
    assert.equal(await scrollsSideways(page), false, `${width} pixels, details open`);
    await shoot(page, name);
  }
});

test('dark mode changes the colours', async () => {
  await host.converge(DOCUMENT);
  const grounds = {};
  for (const colorScheme of ['light', 'dark']) {
    const page = await open({ colorScheme });
    grounds[colorScheme] = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number));
    await shoot(page, `ready-${colorScheme}`);
  }
  assert.ok(Math.min(...grounds.light) > 200, `light: ${grounds.light}`);
  assert.ok(Math.max(...grounds.dark) < 50, `dark: ${grounds.dark}`);
});

test('the keyboard reaches every link and every detail, and sees where it is', async () => {
  await rollBack();
  const page = await open();
  const wanted = await page.locator('a, summary').count();
  const reached = new Set();
  for (let i = 0; i < wanted + 5; ++i) {
    await page.keyboard.press('Tab');
    const one = await page.evaluate(() => {
      const at = document.activeElement;
      if (!at || at === document.body) return null;
      const all = [...document.querySelectorAll('a, summary')];
      return { index: all.indexOf(at), outlined: getComputedStyle(at).outlineStyle !== 'none' };
    });
    if (!one || one.index < 0) continue;
    assert.equal(one.outlined, true);
    reached.add(one.index);
  }
  assert.equal(reached.size, wanted);
});

test('axe finds nothing, in light and dark, narrow, ready, rolled back, at work and lost', async () => {
  await host.converge(DOCUMENT);
  const looks = [{ colorScheme: 'light' }, { colorScheme: 'dark' }, { viewport: { width: 320, height: 640 } }];
  const check = async (page, state, look) =>
    assert.deepEqual(await violations(page), [], `${state}, ${JSON.stringify(look)}`);
  const pages = [];
  for (const look of looks) pages.push([await open({ ...look, bypassCSP: true }), look]);
  for (const [page, look] of pages) await check(page, 'ready', look);
  const pull = host.proxy.hold('POST', /\/images\/create/);
  host.write(NEVER_READY);
  await pull.held;
  for (const [page, look] of pages) {
    await page.locator('progress').waitFor();
    await page.locator('summary').first().click();
    await check(page, 'pulling', look);
  }
  pull.release();
  for (const [page, look] of pages) {
    await page.locator('.rollout.bad').waitFor();
    await page.locator('#verdict.bad').waitFor();
    await check(page, 'rolled back', look);
  }
  await host.stopAgent('SIGKILL');
  for (const [page, look] of pages) {
    await page.locator('html[data-link="lost"]').waitFor();
    await check(page, 'lost', look);
  }
});
