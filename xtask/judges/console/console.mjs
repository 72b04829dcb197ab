// The console in a browser: each page at two widths, with and without JavaScript; live heads; signing; redemption; verifying.
// Pages of members are in members.mjs, over a network of four; those of card payments in cards.mjs, over a node with an issuer.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';
import { equal, nodeUrl, truthy } from '../flows/harness.mjs';
import { balance, EURO, make, path, send } from './ledger.mjs';
import { rpc } from './rpc.mjs';
import { end, folder, look, pictures, shows, silent, tab, text, verify, WIDTHS } from './visitor.mjs';

const world = await verify('a ledger with items is made', make);
if (!world) await end();
const { governor, winery, anna, ben, bottles, milk, strange, ids, pair } = world;
const [sold, given, redeemed] = ids.map(path);
const sale = await send(winery, anna);

const pages = [
  ['home', '/', 'Latest blocks'],
  ['blocks', '/blocks', 'Blocks'],
  ['block', '/block/latest', 'Header'],
  ['transaction', `/tx/${sale.transactionHash}`, 'Nonce'],
  ['account', `/account/${anna}`, '1\u202f234.50'],
  ['native', `/account/${EURO}`, 'What can be called'],
  ['items', '/token', 'Marillenbrand 2024'],
  ['item', `/token/item/${bottles}`, 'Ried Sandgrube'],
  ['item-interchangeable', `/token/item/${milk}`, 'balances of accounts'],
  ['item-hostile', `/token/item/${strange}`, '<script>alert(1)</script>'],
  ['token', `/token/${sold}`, 'Listing 1'],
  ['token-gift', `/token/${given}`, 'Gift 2'],
  ['redeem', `/token/redeem/${redeemed}`, 'Postal code'],
  ['call', `/token/call?do=buy&number=1&from=${anna}`, 'Nothing was signed'],
  ['verify', '/verify', 'Genesis hash'],
  ['problem', '/token/item/0x12', 'Not on this ledger'],
];

for (const [name, address, words] of pages) {
  await verify(`${name} loads, complains of nothing and fits`, async () => {
    if (name !== 'problem') await look(name, address);
    else await tab.visit(nodeUrl + address);
    await shows(words);
    tab.complaints.length = 0;
  });
}

await verify('every page works without JavaScript', async () => {
  await tab.scripts(false);
  for (const [, address, words] of pages) {
    await tab.visit(nodeUrl + address);
    await shows(words);
  }
  tab.complaints.length = 0;
});

await verify('without JavaScript a form shows the calls to sign, and none sends details in the clear', async () => {
  await tab.visit(`${nodeUrl}/token/${sold}`);
  await tab.fill('.offer [name=from]', anna);
  await tab.loading(() => tab.click('.offer button'));
  await shows('Let “token” take 49.50');
  await tab.visit(`${nodeUrl}/token/redeem/${redeemed}`);
  equal(await tab.get('document.querySelector("#redeem fieldset").disabled'), true, 'the fields are off');
  silent();
});

/** Uploads a file and answers what the page says. */
const upload = async (bytes, name) => {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  await tab.visit(`${nodeUrl}/verify`);
  await tab.choose('[name=file]', file);
  await tab.loading(() => tab.click('form.details button'));
  return text();
};

const exported = await verify('a counterfoil is exported', () => rpc('counterfoil_export', 'tx', { hash: sale.transactionHash }));
const bytes = Buffer.from(exported.cfl.slice(2), 'hex');

await verify('a counterfoil is accepted, without JavaScript', async () => {
  truthy((await upload(bytes, 'true.cfl')).includes('transaction succeeded'), 'the statement');
  await shows('own genesis hash');
  silent();
});
await tab.scripts(true);

await verify('the verdicts look right', async () => {
  for (const width of WIDTHS) {
    await tab.width(width);
    await upload(bytes, 'true.cfl');
    await tab.picture(join(pictures, `verify-true-${width}.png`));
    equal(await tab.get('document.documentElement.scrollWidth <= document.documentElement.clientWidth'), true, 'it fits');
  }
  await tab.width(WIDTHS[0]);
  silent();
});

await verify('an altered counterfoil is refused, in both widths', async () => {
  const altered = Buffer.from(bytes);
  altered[altered.length >> 1] ^= 1;
  for (const width of WIDTHS) {
    await tab.width(width);
    truthy((await upload(altered, 'altered.cfl')).includes('Refused'), 'the refusal');
    await tab.picture(join(pictures, `verify-refused-${width}.png`));
  }
  await tab.width(WIDTHS[0]);
  // The browser calls the status of the answer a failure, as it should.
  tab.complaints.length = 0;
});

await verify('new heads arrive on the first page', async () => {
  await tab.visit(nodeUrl);
  await tab.until('document.getElementById("live").dataset.state === "open"');
  const before = Number(await tab.get('document.getElementById("head").dataset.number'));
  for (const number of [1, 2, 3]) {
    await send(governor, ben);
    await tab.until(`document.getElementById('head-number').textContent === '${before + number}'`);
  }
  equal(await tab.get('document.querySelectorAll("#blocks tr").length <= 15'), true, 'rows');
  silent();
});

/** Opens a token's page when its script is ready. */
const openToken = async (id) => {
  await tab.visit(`${nodeUrl}/token/${id}`);
  await tab.until('document.querySelector(".actions").dataset.ready === ""');
};
const form = name => `form.act:has([name=do][value=${name}])`;
/** Chooses who signs, opens the form, sends it, and waits until the page has done it and loaded again. */
const sign = async (name, account, fields = {}) => {
  await tab.get(`for (const details of document.querySelectorAll('.actions details')) details.open = true`);
  await tab.until(`document.querySelector('${form(name)} button').checkVisibility()`);
  await tab.fill('#account', await tab.get(`[...document.getElementById('account').options].find(option => option.value.toLowerCase() === '${account.toLowerCase()}').value`));
  for (const [field, value] of Object.entries(fields)) await tab.fill(`${form(name)} [name=${field}]`, value);
  await tab.loading(() => tab.click(`${form(name)} button`));
};

await verify('a token is transferred by a development account through the page', async () => {
  await openToken(redeemed);
  await sign('transfer', winery, { to: anna });
  equal(await balance(anna, BigInt(`0x${redeemed}`)), 1n, 'balance');
  silent();
});

await verify('a refusal of the ledger is told in words, and nothing is signed', async () => {
  await openToken(redeemed);
  const nonce = await rpc('eth_getTransactionCount', ben, 'latest');
  await tab.get(`for (const details of document.querySelectorAll('.actions details')) details.open = true`);
  await tab.until(`document.querySelector('${form('transfer')} button').checkVisibility()`);
  await tab.fill('#account', await tab.get('document.getElementById("account").options[3].value'));
  await tab.fill(`${form('transfer')} [name=to]`, winery);
  await tab.click(`${form('transfer')} button`);
  await tab.until(`document.querySelector('${form('transfer')} output').textContent.includes('ERC1155InsufficientBalance')`);
  equal(await rpc('eth_getTransactionCount', ben, 'latest'), nonce, 'nonce');
  tab.complaints.length = 0;
});

await verify('a token is bought: the money is approved, then paid', async () => {
  await openToken(sold);
  await sign('buy', anna);
  equal(await balance(anna, BigInt(`0x${sold}`)), 1n, 'balance');
  silent();
});

await verify('a gift is accepted', async () => {
  await openToken(given);
  await sign('accept-gift', ben);
  equal(await balance(ben, BigInt(`0x${given}`)), 1n, 'balance');
  silent();
});

await verify('a wallet in the browser signs', async () => {
  const wallet = `window.ethereum = { asked: [], request({ method, params = [] }) {
    this.asked.push(method);
    if (method === 'eth_requestAccounts') { this.open = true; return Promise.resolve(['${ben}']); }
    if (method === 'eth_accounts' && !this.open) return Promise.resolve([]);
    return fetch('/', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) }).then(answer => answer.json()).then(({ result }) => result);
  } };`;
  const { identifier } = await tab.send('Page.addScriptToEvaluateOnNewDocument', { source: wallet });
  await openToken(given);
  await tab.click('#connect');
  await tab.until('document.getElementById("account").options.length === 1');
  equal(await tab.get('window.ethereum.asked'), ['eth_accounts', 'eth_requestAccounts'], 'asked');
  await sign('transfer', ben, { to: anna });
  equal(await balance(anna, BigInt(`0x${given}`)), 1n, 'balance');
  await tab.send('Page.removeScriptToEvaluateOnNewDocument', { identifier });
  silent();
});

const details = { name: 'Anna <b>Huber</b>', street: 'Dorfstraße 1', postcode: '3500', town: 'Krems', country: 'Österreich', contact: 'anna@example.org', note: 'Ring twice.' };

const redemption = await verify('a redemption is requested through the page', async () => {
  await tab.visit(`${nodeUrl}/token/redeem/${redeemed}`);
  await tab.until('document.querySelector("#redeem fieldset").disabled === false');
  for (const [field, value] of Object.entries(details)) await tab.fill(`#redeem [name=${field}]`, value);
  await tab.fill('#account', await tab.get('document.getElementById("account").options[2].value'));
  await tab.click('#redeem button');
  await tab.until('location.pathname.startsWith("/token/redemption/") && document.getElementById("delivery").innerText.includes("arrived")');
  silent();
  return (await tab.get('location.pathname')).split('/').at(-1);
});

await verify('the details arrive and the issuer reads them', async () => {
  const document = Buffer.from((await rpc('counterfoil_delivery', redemption)).slice(2), 'hex');
  equal(document[0], 1, 'format');
  const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
  const info = Buffer.concat([Buffer.from('counterfoil delivery'), Buffer.from(redemption.slice(2), 'hex')]);
  const cut = (from, to) => new Uint8Array(document.subarray(from, to)).buffer;
  const recipient = await suite.createRecipientContext({ recipientKey: pair.privateKey, enc: cut(1, 66), info: new Uint8Array(info).buffer });
  equal(JSON.parse(new TextDecoder().decode(await recipient.open(cut(66)))), details, 'details');
});

await verify('the pages of a redemption look right', async () => {
  await look('redemption', `/token/redemption/${redemption}`);
  await look('token-frozen', `/token/${redeemed}`);
  await look('account-tokens', `/account/${anna}`);
  await look('item-redeemed', `/token/item/${bottles}`);
});

await verify('the issuer says that the units were delivered', async () => {
  await tab.visit(`${nodeUrl}/token/redemption/${redemption}`);
  await tab.until('document.querySelector(".actions").dataset.ready === ""');
  await sign('fulfil', winery, { hash: `0x${'77'.repeat(32)}` });
  await shows('fulfilled');
  await look('redemption-fulfilled', `/token/redemption/${redemption}`);
  await look('token-redeemed', `/token/${redeemed}`);
});

await verify('dark colours', async () => {
  await tab.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: 'dark' }] });
  await look('dark-item', `/token/item/${bottles}`);
  await look('dark-token', `/token/${sold}`);
});

await end();
