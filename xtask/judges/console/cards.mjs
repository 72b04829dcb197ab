// The pages of card payments in a browser, over a node with an issuer beside it: a card is tapped with and without JavaScript and by keyboard,
// steps and authorizations arrive while somebody looks. PROGRAM is our program, ISSUER the issuer's folder, PASSPHRASE the file that opens all.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encodeFunctionData, parseAbi } from 'viem';
import { equal, nodeUrl, truthy } from '../flows/harness.mjs';
import { CASH, EURO, send } from './ledger.mjs';
import { rpc } from './rpc.mjs';
import { end, fits, look, shows, silent, tab, text, verify } from './visitor.mjs';

const NUMBER = '9999001234567891';
const ACQUIRER = '12345';
const { PROGRAM, ISSUER, PASSPHRASE } = process.env;
const env = {
  ...process.env, COUNTERFOIL_RPC: nodeUrl, COUNTERFOIL_ISSUER_DIR: ISSUER, COUNTERFOIL_PASSPHRASE_FILE: PASSPHRASE, COUNTERFOIL_CARD_PASSPHRASE_FILE: PASSPHRASE,
};
const passphrase = 'for trying only';

/** A command of our program, its answer as JSON. */
const command = async (words, input = '') => {
  const running = promisify(execFile)(PROGRAM, [...words, '--json'], { env });
  running.child.stdin.end(input);
  return JSON.parse((await running).stdout);
};
const issuer = (...words) => command(['issuer', ...words]);
const cash = parseAbi(['function create(string code, address issuer)', 'function mint(address to, uint256 amount, bytes32 referenceId)']);
const call = (functionName, args) => encodeFunctionData({ abi: cash, functionName, args });

/** Euros in the pool, two merchants, and a card with 200 of them. */
const make = async () => {
  const [governor, shop, cafe] = await rpc('eth_accounts');
  await send(governor, CASH, call('create', ['EUR', governor]));
  const { pool } = JSON.parse(process.env.MADE);
  const minted = await send(governor, EURO, call('mint', [pool, 100_000n, `0x${'00'.repeat(31)}01`]));
  await issuer('deposit', '--tx', minted.transactionHash);
  for (const [merchant, address] of [['SHOP-1', shop], ['CAFE-7', cafe]]) await issuer('merchant', 'add', '--acquirer', ACQUIRER, '--merchant', merchant, '--currency', 'EUR', '--address', address);
  const made = await command(['card', 'personalize', '--issuer', ISSUER, '--pan-stdin', '--expiry', '4912', '--out', join(ISSUER, 'cards', 'anna.card')], `${NUMBER}\n`);
  await issuer('credit', '--card', made.card, '--amount', '200', '--currency', 'EUR');
  await issuer('limit', '--card', made.card, '--currency', 'EUR', '--payment', '150', '--day', '180');
  return made.card;
};

await verify('before anything was done the pages say what to do', async () => {
  await look('terminal-empty', '/terminal');
  await shows('counterfoil issuer merchant add');
  await look('authorizations-empty', '/authorizations');
  await shows('Nothing was asked yet');
  await look('cards-empty', '/cards');
  await shows('counterfoil card personalize');
});

const card = await verify('an issuer with a card and two merchants is made', make);
if (!card) await end();

/** Fills the form and sends it as `act` does; ends on the page of the tap. */
const tap = async (merchant, amount, act = () => tab.click('form.details button')) => {
  await tab.visit(`${nodeUrl}/terminal`);
  await tab.fill('[name=amount]', amount);
  await tab.fill('[name=merchant]', `${ACQUIRER}/${merchant}`);
  await tab.fill('[name=passphrase]', passphrase);
  await tab.loading(act);
};
const isOver = 'document.getElementById("verdict-title").textContent !== "The card is in the terminal"';
const place = () => tab.get('location.pathname');

await verify('the form looks right', async () => look('terminal', '/terminal'));

await verify('a card is tapped, and its steps arrive without a reload', async () => {
  await tap('SHOP-1', '12.50');
  await tab.get('window.stayed = true');
  await tab.until(isOver);
  await shows('Approved');
  await shows('GET PROCESSING OPTIONS');
  equal(await tab.get('window.stayed'), true, 'the page was not loaded again');
  silent();
});

const approved = await place();
await verify('both sides look right: the merchant sees a token, the issuer a card', async () => {
  await look('tap', approved);
  const side = name => tab.get(`document.querySelector('[aria-labelledby=${name}-title]').innerText`);
  const [merchant, seen] = [await side('merchant'), await side('issuer')];
  truthy(seen.includes('999900******7891') && seen.includes(card), seen);
  truthy(!merchant.includes('7891') && !merchant.includes(card), merchant);
  await tab.get('for (const step of document.querySelectorAll("details.step")) step.open = true');
  await tab.width(360);
  await fits('all steps');
  await tab.width(1280);
});

await verify('without JavaScript a card is tapped too', async () => {
  await tab.scripts(false);
  await tap('CAFE-7', '3.20');
  // The page loads itself again until the card is done.
  await tab.until(isOver);
  await shows('Approved');
  silent();
  await tab.scripts(true);
});

await verify('the keyboard is enough', async () => {
  await tap('SHOP-1', '1', async () => {
    await tab.get('document.querySelector("[name=passphrase]").focus()');
    await tab.press('Tab');
    equal(await tab.get('document.activeElement.textContent'), 'Tap the card', 'what has the focus');
    await tab.press('Enter');
  });
  await tab.until(isOver);
  await tab.get('document.querySelector("details.step:not([open]) summary").focus()');
  await tab.press('Enter');
  equal(await tab.get('document.activeElement.parentElement.open'), true, 'the step opens');
  silent();
});

await verify('what is decided arrives on the list without a reload', async () => {
  await tab.visit(`${nodeUrl}/authorizations`);
  await tab.until('document.getElementById("live").dataset.state === "open"');
  await tab.get('window.stayed = true');
  const before = await tab.get('document.querySelectorAll("#piece [data-key]").length');
  const body = new URLSearchParams({ amount: '160', currency: '', merchant: `${ACQUIRER}/SHOP-1`, category: '', card: 'anna', passphrase });
  await fetch(`${nodeUrl}/terminal`, { method: 'POST', redirect: 'manual', body });
  await tab.until(`document.querySelectorAll('#piece [data-key]').length === ${before + 1}`);
  await shows('10 approved for a part of the amount');
  equal(await tab.get('window.stayed'), true, 'the page was not loaded again');
  silent();
});

await verify('a wrong passphrase is told, and taps nothing', async () => {
  await tap('SHOP-1', '1', async () => {
    await tab.fill('[name=passphrase]', 'something else');
    await tab.click('form.details button');
  });
  await tab.until(isOver);
  await shows('No card was tapped');
  silent();
});

const pages = [
  ['authorizations', '/authorizations', 'approved for a part of the amount'],
  ['authorization', '/authorization/1', 'Everything fitted'],
  ['authorization-part', '/authorization/4', 'approved for a part of the amount'],
  ['cards', '/cards', '999900******7891'],
  ['card', `/card/${card}`, 'Way back'],
  ['tap-again', approved, 'What the issuer sees'],
];
for (const [name, address, words] of pages) {
  await verify(`${name} loads, complains of nothing and fits`, async () => {
    await look(name, address);
    await shows(words);
  });
}

await verify('these pages work without JavaScript, and none has the number', async () => {
  await tab.scripts(false);
  for (const [, address, words] of pages) {
    await tab.visit(nodeUrl + address);
    await shows(words);
    truthy(!(await tab.get('document.documentElement.outerHTML')).includes(NUMBER), `${address} shows the number`);
  }
  await tab.scripts(true);
  silent();
});

await verify('dark colours', async () => {
  await tab.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: 'dark' }] });
  await look('dark-tap', approved);
  truthy((await text()).includes('Approved'), 'the verdict');
});

await end();
