// The picture: nothing moves but tokens, edges and levels, and every edge has its words.

import { facts, rows, seek } from './page.mjs';

const places = (page) =>
  page.locator('#stage svg').first().evaluate((svg) => {
    const origin = svg.getBoundingClientRect();
    const all = [...svg.querySelectorAll('[data-task], [data-lock], .strip .cell')];
    return all.map((node) => {
      const box = (node.querySelector('rect') ?? node).getBoundingClientRect();
      const round = (number) => Math.round(number * 10) / 10;
      const name = node.dataset.task ?? node.dataset.lock ?? 'cell';
      return `${name} ${round(box.x - origin.x)},${round(box.y - origin.y)} ${round(box.width)}x${round(box.height)}`;
    });
  });

const nothingMoves = (viewport) => async ({ newPage, open, url, assert }) => {
  const page = await newPage({ viewport, reducedMotion: 'reduce' });
  for (const scenario of ['writer-in-queue', 'munlock-oops', 'xfs-reserve-over']) {
    await page.goto('about:blank');
    await open(`${url}#v1/${scenario}`, page);
    await page.keyboard.press('End');
    const { length } = await facts(page);
    assert.ok(length > 10);
    await seek(page, 0);
    const first = await places(page);
    assert.ok(first.length >= 4, first.join(' | '));
    for (let step = 1; step <= length; step += 1) {
      await seek(page, step);
      assert.deepEqual(await places(page), first, `${scenario}, step ${step}`);
    }
  }
};

export default {
  'no box moves between any two steps': nothingMoves({ width: 1440, height: 900 }),
  'no box moves on a phone': nothingMoves({ width: 390, height: 844 }),

  'every waiting edge has a row that says the same': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue`);
    await page.keyboard.press('End');
    const { length } = await facts(page);
    let seen = 0;
    for (let step = 0; step <= length; step += 1) {
      await seek(page, step);
      const table = await rows(page);
      const tokens = await page.locator('#stage [data-token]').evaluateAll((all) =>
        all.filter((token) => token.dataset.place).map((token) => [token.dataset.token, token.dataset.place]));
      for (const [task, place] of tokens) {
        const line = table.find((row) => row.Task === task);
        assert.ok(line, `${task} has a row at step ${step}`);
        assert.match(line['Place in queue'], new RegExp(`^${place} of `), `${task} at step ${step}`);
      }
      const boxes = await page.locator('#stage [data-task]').evaluateAll((all) => all.map((box) => box.dataset.task));
      const edges = await page.locator('#stage .edge').evaluateAll((all) =>
        all.flatMap((edge) => [...edge.classList].filter((name) => /^edge-(waits|needs|completion|trylock)$/.test(name)).map((kind) => ({
          kind, words: edge.querySelector('title')?.textContent ?? edge.getAttribute('aria-label') ?? '',
        }))));
      const waiting = table.filter((row) => row['Waits for'] !== '' && boxes.includes(row.Task)).length;
      seen += edges.length;
      if (edges.length > 0) assert.ok(waiting > 0, `step ${step}: ${edges.length} edges, no row that waits`);
      if (waiting === 0) assert.equal(edges.length, 0, `step ${step}`);
    }
    assert.ok(seen > 20, `${seen} edges in the whole run`);
  },

  'every strip has a sentence that says the same': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/munlock-oops`);
    await page.keyboard.press('End');
    const { length } = await facts(page);
    await page.locator('#tab-tasks').click();
    const cells = new Set();
    for (let step = 0; step <= length; step += 1) {
      await seek(page, step);
      const drawn = await page.locator('#stage .strip').evaluateAll((all) =>
        all.map((strip) => ({ heard: strip.getAttribute('aria-label'), words: [...strip.querySelectorAll('.cell text')].map((text) => text.textContent) })));
      const told = await page.locator('#pane ul.strips li').allTextContents();
      assert.deepEqual(drawn.map(({ heard }) => heard), told, `step ${step}`);
      assert.ok(drawn.length > 0);
      for (const { heard, words } of drawn) {
        for (const word of words) {
          cells.add(word);
          assert.ok(heard.includes(word.replace('…', '')), `step ${step}: "${word}" in "${heard}"`);
        }
      }
    }
    assert.ok(cells.has('no pages left') && cells.has('cleared in use'), [...cells].join(', '));
  },
};
