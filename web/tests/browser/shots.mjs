// Takes pictures of the page to look at: moments of every scenario, in the sizes and
// colours that matter, into target/shots/.
//
//   node web/tests/browser/shots.mjs            the usual ones
//   node web/tests/browser/shots.mjs PATTERN    all whose SCENARIO-MOMENT-SIZE-THEME matches
//                                               the regular expression

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, startBrowser, startServer } from './harness.mjs';

const OUT = process.env.OOMSCOPE_SHOTS ?? join(ROOT, 'target', 'shots');
const wanted = process.argv[2] && new RegExp(process.argv[2]);

const SIZES = {
  full: { width: 1440, height: 900 },
  laptop: { width: 1280, height: 720 },
  tablet: { width: 820, height: 1180 },
  phone: { width: 390, height: 844, isMobile: true, hasTouch: true },
  embed: { width: 800, height: 450, query: '?embed=1' },
  small: { width: 640, height: 360, query: '?embed=1' },
};

/** Until the search has said what it knows. Asked from here: the page forbids evaluated text. */
const idle = async (page) => {
  for (let n = 0; n < 200; n += 1) {
    if ((await page.locator('#page').getAttribute('data-searching')) !== 'true') return;
    await page.waitForTimeout(50);
  }
};

const settle = async (page) => {
  await idle(page);
  await page.waitForTimeout(500);
};

/** Presses a key until the verdict is one of these, or the steps are used up. */
const until = async (page, verdicts, key, limit) => {
  for (let n = 0; n < limit; n += 1) {
    await idle(page);
    const verdict = await page.locator('#page').getAttribute('data-verdict');
    if (verdicts.includes(verdict)) return true;
    await page.keyboard.press(key);
  }
  return false;
};

const flip = (page, patch) => page.locator(`[data-switch="${patch}"]`).click();

// A patch that is off and, by its own badge, clears it from here: a row, or a chip in a frame.
const CLEARS = 'li.patch.clears [data-switch], .chip-switch.good[aria-checked="false"]';

/** Flips a patch that the page itself says will clear it from here, and goes to the end. */
const flipWhatClears = async (page) => {
  const patch = page.locator(CLEARS).first();
  if ((await patch.count()) === 0) return false;
  await patch.click();
  await settle(page);
  await page.keyboard.press('End');
  return true;
};

/** Opens, from all mixes, the first outcome that one of these selects; false if there is none. */
const openMix = async (page, ...outcomes) => {
  await page.keyboard.press('m');
  if ((await page.locator('#matrix-table').count()) === 0) return false;
  await page.locator('#matrix-stop').waitFor({ state: 'detached', timeout: 120000 });
  for (const outcome of outcomes) {
    const way = page.locator(`#matrix-table ${outcome}`).first();
    if (await way.count()) {
      await way.click();
      return true;
    }
  }
  await page.keyboard.press('Escape');
  return false;
};

// How to get to a moment; each begins at the start of the scenario.
const MOMENTS = {
  start: async () => {},
  queued: async (page) => {
    for (let n = 0; n < 60; n += 1) {
      if (await page.locator('.token:not(.gone)').count()) break;
      await page.keyboard.press('l');
    }
  },
  // The last marker that the run reaches.
  lead: async (page) => {
    for (let n = 0; n < 9; n += 1) await page.keyboard.press(']');
  },
  // The end of the run, or of the worst one with these patches, or with any.
  stuck: async (page) => {
    await page.keyboard.press('End');
    await settle(page);
    if ((await page.locator('#page').getAttribute('data-verdict')) !== 'finished') return;
    await openMix(page, 'tr.here .way.bad', '.way.bad', 'tr.here .way.warn', '.way.warn');
  },
  doomed: async (page) => {
    await until(page, ['doomed'], 'l', 200);
    for (let n = 0; n < 6; n += 1) await page.keyboard.press('l');
  },
  ejected: async (page) => {
    await until(page, ['doomed'], 'l', 200);
    await flip(page, 'killable-writers');
    for (let n = 0; n < 40; n += 1) {
      if (await page.locator('.thrown').count()) break;
      await page.keyboard.press('l');
    }
  },
  cleared: async (page) => {
    await page.keyboard.press('End');
    await settle(page);
    if (await flipWhatClears(page)) return;
    await openMix(page, 'tr.clears .way.good', 'tr.survives .way', '.way.good');
  },
  selected: async (page) => {
    await until(page, ['doomed'], 'l', 200);
    await page.locator('[data-task]').first().click();
  },
  tasks: async (page) => {
    await page.keyboard.press('End');
    await page.locator('#tab-tasks').click();
  },
  story: async (page) => page.locator('#tab-story').click(),
  scenarios: async (page) => page.locator('#scenario-menu').click(),
  kernel: async (page) => page.locator('#kernel').click(),
  share: async (page) => page.locator('#share').click(),
  mixes: async (page) => {
    await page.locator('#matrix').click();
    await page.locator('#matrix-stop').waitFor({ state: 'detached', timeout: 120000 });
  },
  map: async (page) => {
    await page.keyboard.press('End');
    await settle(page);
    await page.locator('#map').click();
  },
  ring: async (page) => {
    await page.keyboard.press('End');
    await settle(page);
    await page.locator('#verdict .ring').first().click();
  },
  help: async (page) => page.locator('#help').click(),
};

const HEADLINE = 'writer-in-queue';
const SCENARIOS = readdirSync(join(ROOT, 'assets', 'scenarios'))
  .filter((file) => file.endsWith('.toml'))
  .map((file) => file.replace('.toml', ''));
const THEMES = ['light', 'dark'];
const ONCE = ['selected', 'tasks', 'story', 'scenarios', 'kernel', 'share', 'help', 'mixes', 'map', 'ring'];

/** Whether a picture is one of those that are taken when nothing is asked for. */
const isUsual = (scenario, moment, size, theme) => {
  if (ONCE.includes(moment)) return scenario === HEADLINE && ['full-light', 'phone-dark'].includes(`${size}-${theme}`);
  if (scenario === HEADLINE) return theme === 'light' || size === 'full' || size === 'phone';
  return [
    'stuck-full-light', 'stuck-laptop-dark', 'stuck-phone-light',
    'cleared-full-light', 'lead-full-light', 'lead-small-dark',
  ].includes(`${moment}-${size}-${theme}`);
};

const plan = [];
const add = (scenario, moment, size, theme, extra = {}) =>
  plan.push({ scenario, moment, size, theme, ...extra, name: [scenario, moment, size, theme, extra.tag].filter(Boolean).join('-') });

for (const scenario of SCENARIOS) {
  for (const moment of Object.keys(MOMENTS)) {
    for (const size of Object.keys(SIZES)) {
      for (const theme of THEMES) {
        if (wanted || isUsual(scenario, moment, size, theme)) add(scenario, moment, size, theme);
      }
    }
  }
}
add(HEADLINE, 'stuck', 'full', 'light', { tag: 'grey', grey: true });
add(HEADLINE, 'stuck', 'full', 'light', { tag: 'zoom200', zoom: 2 });
add(HEADLINE, 'doomed', 'full', 'light', { tag: 'still', reducedMotion: 'reduce' });
add(HEADLINE, 'stuck', 'full', 'dark', { tag: 'print', print: true });
plan.push({ name: 'cut-link-full', hash: '#c1.400.abcd.AAAA', size: 'full', theme: 'light', moment: 'start' });
plan.push({ name: 'cut-link-phone', hash: '#c1.400.abcd.AAAA', size: 'phone', theme: 'light', moment: 'start' });

const server = await startServer();
const browser = await startBrowser();
mkdirSync(OUT, { recursive: true });

for (const shot of plan.filter(({ name }) => !wanted || wanted.test(name))) {
  const { query = '', width, height, ...device } = SIZES[shot.size];
  const zoom = shot.zoom ?? 1;
  const context = await browser.newContext({
    viewport: { width: width / zoom, height: height / zoom },
    deviceScaleFactor: zoom,
    colorScheme: shot.theme,
    reducedMotion: shot.reducedMotion ?? 'no-preference',
    ...device,
  });
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && console.log(`${shot.name}: ${message.text()}`));
  page.on('pageerror', (error) => console.log(`${shot.name}: ${error}`));
  try {
    await page.goto(`${server.url}${query}${shot.hash ?? `#v1/${shot.scenario}`}`);
    await page.waitForSelector('body[data-ready="true"]');
    await MOMENTS[shot.moment](page);
    await settle(page);
    if (shot.grey) await page.addStyleTag({ content: 'html { filter: grayscale(1); }' });
    if (shot.print) await page.emulateMedia({ media: 'print' });
    const tall = shot.size === 'phone' || shot.size === 'tablet' || shot.print || shot.zoom;
    await page.screenshot({ path: join(OUT, `${shot.name}.png`) });
    if (tall) await page.screenshot({ path: join(OUT, `${shot.name}-whole.png`), fullPage: true });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) console.log(`${shot.name}: ${wide} px wider than the window`);
    console.log(`${shot.name}: ${await page.locator('#page').getAttribute('data-verdict')}`);
  } catch (error) {
    console.log(`${shot.name}: ${String(error).split('\n')[0]}`);
  }
  await context.close();
}
await browser.close();
server.close();
