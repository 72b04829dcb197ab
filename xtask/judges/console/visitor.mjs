// Somebody who looks at pages: a browser with one tab, what must hold for every page, and the end.
// CHROMIUM is the browser, PICTURES the folder for what the pages look like.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, equal, finish, nodeUrl, truthy } from '../flows/harness.mjs';
import { Browser } from './browser.mjs';

const CHECK_MS = 180_000;
export const WIDTHS = [1280, 360];
export const pictures = process.env.PICTURES;
export const folder = mkdtempSync(join(tmpdir(), 'counterfoil-console-'));
mkdirSync(pictures, { recursive: true });
const browser = new Browser(process.env.CHROMIUM, join(folder, 'profile'));
export const tab = await browser.tab();
export const verify = (name, body) => check(name, body, CHECK_MS);

export const silent = () => equal(tab.complaints.splice(0), [], 'complaints');
export const text = () => tab.get('document.querySelector("main").innerText');
export const shows = async words => truthy((await text()).includes(words), `the page lacks “${words}”: ${await text()}`);
export const fits = async (what) => {
  const [content, screen] = await tab.get('[document.documentElement.scrollWidth, document.documentElement.clientWidth]');
  truthy(content <= screen, `${what} is ${content} wide on a screen of ${screen}`);
};

/** A page as it is looked at: nothing complains, nothing sticks out. */
export const look = async (name, address) => {
  for (const width of WIDTHS) {
    await tab.width(width);
    await tab.visit(nodeUrl + address);
    await tab.picture(join(pictures, `${name}-${width}.png`));
    await fits(address);
    silent();
  }
  await tab.width(WIDTHS[0]);
};

export const end = async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  finish();
};
