// What the browser tests share: a static file server, Chromium, and the rule
// that a page which logs an error or asks another host has failed its test.

import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const DIST = process.env.OOMSCOPE_DIST ?? join(ROOT, 'dist');
const SHOTS = process.env.OOMSCOPE_SHOTS ?? join(ROOT, 'target', 'shots');

/** A hosting service often serves a project below its own name; the page must not notice. */
export const SUB_PATH = '/some/where/';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/** Serves dist/ at `/` and again at SUB_PATH, on a free port of this machine. */
export const startServer = () =>
  new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      let path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
      if (path.startsWith(SUB_PATH)) path = path.slice(SUB_PATH.length - 1);
      if (path.endsWith('/')) path += 'index.html';
      const file = normalize(join(DIST, path));
      if (!file.startsWith(DIST + sep) || !existsSync(file) || !statSync(file).isFile()) {
        response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
        return;
      }
      const type = TYPES[extname(file)] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type }).end(readFileSync(file));
    });
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const origin = `http://127.0.0.1:${server.address().port}`;
      resolve({ origin, url: `${origin}/`, subUrl: `${origin}${SUB_PATH}`, close: () => server.close() });
    });
  });

const CHROMES = [
  process.env.CHROME,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

export const startBrowser = () => {
  const executablePath = CHROMES.find((path) => path && existsSync(path));
  if (!executablePath) {
    throw new Error('found no Chromium; install it or set CHROME to its path');
  }
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
};

/** Collects what a test must not see, over all pages that it opens. */
const watch = (context, origin, complaints) => {
  context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console error: ${message.text()}`);
  });
  context.on('weberror', (event) => complaints.push(`page error: ${event.error()}`));
  context.on('request', (request) => {
    const url = request.url();
    const own = url.startsWith(`${origin}/`) || /^(data|blob|about|file):/.test(url);
    if (!own) complaints.push(`request to another host: ${url}`);
  });
};

/** Runs one test with a fresh browser context; resolves to a reason, or to undefined if all is well. */
export const runTest = async (browser, server, test, limitMs) => {
  const complaints = [];
  const contexts = [];
  const newPage = async (options = {}) => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    contexts.push(context);
    watch(context, server.origin, complaints);
    const page = await context.newPage();
    page.setDefaultTimeout(limitMs / 2);
    return page;
  };
  const shot = async (name, page) => {
    mkdirSync(SHOTS, { recursive: true });
    await page.screenshot({ path: join(SHOTS, `${name}.png`) });
  };
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not finished after ${limitMs / 1000} s`)), limitMs);
  });
  try {
    const page = await newPage();
    const parts = {
      page,
      newPage,
      browser,
      url: server.url,
      subUrl: server.subUrl,
      origin: server.origin,
      assert,
      /** Takes a picture of the test's own page, or of another one, into target/shots. */
      shot: (name, which = page) => shot(name, which),
      /** Opens the page and waits until it says that it is there. */
      open: async (where = server.url, which = page) => {
        await which.goto(where);
        await which.waitForSelector('body[data-ready="true"]');
        return which;
      },
      /** For a test that provokes an error on purpose: forgets the complaints that match. */
      expectComplaint: (pattern) => {
        const rest = complaints.filter((complaint) => !pattern.test(complaint));
        assert.ok(rest.length < complaints.length, `no complaint matched ${pattern}`);
        complaints.splice(0, complaints.length, ...rest);
      },
    };
    await Promise.race([test(parts), limit]);
    return complaints[0];
  } catch (error) {
    const first = String(error?.message ?? error).split('\n').slice(0, 6).join(' | ');
    return [first, ...complaints].join('; ');
  } finally {
    clearTimeout(timer);
    await Promise.all(contexts.map((context) => context.close().catch(() => {})));
  }
};
