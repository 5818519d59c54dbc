// Measures the built page in Chromium: bytes, time to the first usable page, states per
// second of the background search beside the same searches natively, and frame times while
// a run plays. One line a figure; BENCHMARKS.md quotes them.
//
//   node web/tests/browser/bench.mjs                   everything
//   node web/tests/browser/bench.mjs --searches [N]    the searches alone, N times each (5)

import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DIST, ROOT, startBrowser, startServer } from './harness.mjs';

const searchesAt = process.argv.indexOf('--searches');
const onlySearches = searchesAt >= 0;
const ROUNDS = Number((onlySearches && process.argv[searchesAt + 1]) || 5);

const say = (name, value) => console.log(`${name}: ${value}`);
const size = (pattern) =>
  readdirSync(DIST)
    .filter((name) => pattern.test(name))
    .reduce((sum, name) => sum + gzipSync(readFileSync(join(DIST, name)), { level: 9 }).length, 0);
const kb = (bytes) => `${Math.round(bytes / 1024)} KB gzip`;

const sayBytes = () => {
  say('app wasm', kb(size(/^app.*\.wasm$/)));
  say('app js, css, html', kb(size(/^(app.*\.js|start.*\.js|.*\.css|index\.html)$/)));
  say('worker wasm and js', kb(size(/^worker/)));
  const fonts = readdirSync(join(DIST, 'fonts')).filter((name) => name.endsWith('.woff2'));
  say('fonts', kb(fonts.reduce((sum, name) => sum + readFileSync(join(DIST, 'fonts', name)).length, 0)));
};

const server = await startServer();
const browser = await startBrowser();
const open = async (hash) => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const begin = performance.now();
  await page.goto(`${server.url}${hash}`);
  await page.locator('[data-ready="true"]').first().waitFor({ state: 'attached' });
  return { context, page, ms: performance.now() - begin };
};
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

const sayLoads = async () => {
  const loads = [];
  for (let n = 0; n < 5; n += 1) {
    const { context, ms } = await open('#v1/writer-in-queue');
    loads.push(ms);
    await context.close();
  }
  say('from address to usable page, median of 5', `${Math.round(median(loads))} ms`);
};

const sayFrames = async () => {
  const { context, page } = await open('#v1/writer-in-queue');
  for (let n = 0; n < 8; n += 1) await page.locator('#speed').click();
  const client = await context.newCDPSession(page);
  await client.send('Performance.enable');
  const frames = page.evaluate(
    () =>
      new Promise((resolve) => {
        const gaps = [];
        let last = performance.now();
        const end = last + 3000;
        const tick = (now) => {
          gaps.push(now - last);
          last = now;
          if (now < end) requestAnimationFrame(tick);
          else resolve(gaps);
        };
        requestAnimationFrame(tick);
      }),
  );
  await page.locator('#play').click();
  const gaps = (await frames).sort((a, b) => a - b);
  const at = (share) => gaps[Math.floor(gaps.length * share)].toFixed(1);
  say('frames while playing, 3 s', `${gaps.length}, median ${at(0.5)} ms, p95 ${at(0.95)} ms`);
  await context.close();
};

/** What the worker counts while it searches, from the first count to the last. */
const counted = (page) =>
  page.locator('#verdict .first').evaluate((line) => new Promise((resolve) => {
    let first;
    const look = () => {
      const found = /([\d,]+) states (so far|checked)/.exec(line.textContent);
      if (!found) return;
      const now = { at: performance.now(), states: Number(found[1].replaceAll(',', '')) };
      first ??= now;
      if (found[2] !== 'checked') return;
      watch.disconnect();
      resolve({ states: now.states, rate: (1000 * (now.states - first.states)) / (now.at - first.at) });
    };
    const watch = new MutationObserver(look);
    watch.observe(line, { characterData: true, childList: true, subtree: true });
    look();
  }));

const OTHER = { link: '#v1/child-for-parent', states: '5,693 states checked' };

/** Has the page search something else and come back: the same worker searches once more. */
const comeBack = async (page, link) => {
  const goTo = (hash) => page.evaluate((to) => { location.hash = to; }, hash);
  await goTo(OTHER.link);
  await page.locator('#verdict .first', { hasText: OTHER.states }).waitFor();
  await goTo(link);
};

/** What `benches/peers` prints, as lines of words. */
const peers = (...words) => {
  const cargo = ['run', '--quiet', '--release', '--locked', '--manifest-path', 'benches/peers/Cargo.toml', '--'];
  const told = execFileSync('cargo', [...cargo, ...words], { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return told.trim().split('\n').map((line) => line.split('\t'));
};

/**
 * The same machines natively and in the worker, in turn, so that what else the machine does meets
 * both; both must find the same number of states. A new worker runs code that the browser has
 * compiled in haste; the second search shows what it makes of it.
 */
const saySearches = async () => {
  for (const [name, link] of peers('page')) {
    const rates = { native: [], first: [], second: [] };
    let states;
    for (let n = 0; n < ROUNDS; n += 1) {
      const [[natively, seconds]] = peers('page', name);
      states = Number(natively);
      rates.native.push(states / Number(seconds));
      const { context, page } = await open(link);
      for (const search of ['first', 'second']) {
        if (search === 'second') await comeBack(page, link);
        const found = await counted(page);
        if (found.states !== states) throw new Error(`${name}: ${found.states} states here, ${states} natively; is dist/ built of these sources?`);
        // A search that was over before the second look has no rate.
        if (Number.isFinite(found.rate)) rates[search].push(found.rate);
      }
      await context.close();
    }
    const native = median(rates.native);
    const million = (rate) => `${(rate / 1e6).toFixed(2)} M`;
    say(name, `${states} states, native ${million(native)} a second`);
    for (const search of ['first', 'second']) {
      const here = median(rates[search]);
      const share = (here / native).toFixed(2);
      say(`${search} search, ${name}`, `worker ${million(here)} a second (of ${rates[search].length}), share ${share}`);
    }
  }
};

if (!onlySearches) {
  sayBytes();
  await sayLoads();
  await sayFrames();
}
await saySearches();
await browser.close();
server.close();
