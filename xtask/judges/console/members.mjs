// The pages of members in a browser, over a network of four: who asks, votes that arrive while somebody looks, certificates and
// committees, with names that strangers chose. PROGRAM is our program, NETWORK the folder of the network.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { equal, nodeUrl, truthy } from '../flows/harness.mjs';
import { rpc } from './rpc.mjs';
import { end, fits, folder, look, shows, silent, tab, text, verify } from './visitor.mjs';

const run = promisify(execFile);
const data = number => join(process.env.NETWORK, `node-${number}`);
const HOSTILE = `<script>alert(1)</script><b>Bold</b> "&' \u202e\u05d1\u05e0\u05e7 ${'Long'.repeat(60)}`;

/** `counterfoil member`, its answer as JSON. */
const member = async (...words) => JSON.parse((await run(process.env.PROGRAM, ['member', ...words, '--json', '--rpc', nodeUrl])).stdout);
const vote = (id, number, ballot) => member('vote', String(id), ballot, '--data', data(number), '--reason', 'known to us');

/** A node that asks to be a member. */
const apply = async (seed, name) => {
  const [key, file] = [join(folder, `${seed}.key`), join(folder, `${seed}.der`)];
  writeFileSync(key, seed.repeat(32));
  await run(process.env.PROGRAM, ['member', 'certificate', '--key', key, '--name', name, '--address', `node-${seed}.bank.example:30303`, '-o', file]);
  return member('join', '--key', key, '--certificate', file);
};

const made = await verify('two nodes ask to be members', async () => [await apply('5a', 'Bank of the East'), await apply('6b', HOSTILE)]);
if (!made) await end();
const [east, strange] = made;
const { members } = await rpc('counterfoil_members');
const founder = members[0];

const pages = [
  ['members', '/members', 'Open requests (2)'],
  ['member', `/member/${founder.nodeKey}`, 'member of genesis'],
  ['member-hostile', `/member/0x${strange.node}`, '<script>alert(1)</script>'],
  ['requests', '/requests', 'Bank of the East'],
  ['request', `/request/${east.request}`, '3 more approvals'],
  ['request-hostile', `/request/${strange.request}`, '[U+202E]'],
  ['certificate', `/certificate/${founder.certificate}`, 'As PEM'],
  ['certificate-hostile', `/certificate/${strange.certificate}`, 'members vote on it'],
  ['committee', '/committee', 'the committee of genesis'],
  ['block-network', '/block/latest', 'Signed (3)'],
];

for (const [name, address, words] of pages) {
  await verify(`${name} loads, complains of nothing and fits`, async () => {
    await look(name, address);
    if (name !== 'block-network') await shows(words);
    else truthy(/Signed \([34]\)/.test(await text()), 'the signers');
  });
}

await verify('the pages of members work without JavaScript', async () => {
  await tab.scripts(false);
  for (const [name, address, words] of pages) {
    await tab.visit(nodeUrl + address);
    if (name !== 'block-network') await shows(words);
  }
  await tab.scripts(true);
  silent();
});

await verify('a certificate as PEM is what openssl reads, and opens in place', async () => {
  await tab.visit(`${nodeUrl}/certificate/${strange.certificate}`);
  await tab.click('summary');
  const file = join(folder, 'page.pem');
  writeFileSync(file, await tab.get('document.querySelector("pre").innerText'));
  const { stdout } = await run('openssl', ['x509', '-in', file, '-noout', '-fingerprint', '-sha256']);
  truthy((await text()).includes(stdout.trim().split('=')[1]), `openssl says ${stdout}`);
  await fits('the PEM');
  const bytes = Buffer.from(await (await fetch(`${nodeUrl}/certificate/${strange.certificate}.der`)).arrayBuffer());
  writeFileSync(join(folder, 'page.der'), bytes);
  const { stdout: again } = await run('openssl', ['x509', '-inform', 'der', '-in', join(folder, 'page.der'), '-noout', '-fingerprint', '-sha256']);
  equal(again, stdout, 'the fingerprint of the file');
  silent();
});

const isLive = 'document.getElementById("live").dataset.state === "open"';

await verify('votes arrive on the list of requests without a reload', async () => {
  await tab.visit(`${nodeUrl}/requests`);
  await tab.until(isLive);
  await tab.get('window.stayed = true');
  await vote(strange.request, 1, 'deny');
  await tab.until('document.getElementById("piece").innerText.includes("1 of 4 voters")');
  await vote(east.request, 1, 'approve');
  await tab.until('document.querySelectorAll("#piece td[data-label=Votes]").length === 2 && [...document.querySelectorAll("#piece td[data-label=Votes]")].every(cell => cell.innerText.includes("1 of 4 voters"))');
  equal(await tab.get('window.stayed'), true, 'the page was not loaded again');
  silent();
});

await verify('votes arrive on the page of a request until it is decided', async () => {
  await tab.visit(`${nodeUrl}/request/${east.request}`);
  await tab.until(isLive);
  await tab.get('window.stayed = true');
  await vote(east.request, 2, 'deny');
  await tab.until('document.querySelectorAll("#piece [data-key]").length === 2');
  await shows('2 more approvals');
  await look('request-votes', `/request/${east.request}`);
  await tab.until(isLive);
  await tab.get('window.stayed = true');
  await vote(east.request, 3, 'approve');
  await tab.until('document.querySelectorAll("#piece [data-key]").length === 3');
  await vote(east.request, 4, 'approve');
  await tab.until('document.getElementById("live").dataset.state === "over"');
  await shows('approved');
  equal(await tab.get('window.stayed'), true, 'the page was not loaded again');
  equal(await tab.get('document.querySelectorAll("#piece script").length'), 0, 'scripts in the piece');
  silent();
});

await verify('the one that was admitted and the one that was revoked look right', async () => {
  await look('request-approved', `/request/${east.request}`);
  await look('member-observer', `/member/0x${east.node}`);
  await shows('observer');
  const asked = await member('revoke', east.certificate, '--data', data(1), '--reason', 'key-compromise');
  for (const number of [1, 2, 3]) await vote(asked.request, number, 'approve');
  await look('request-revocation', `/request/${asked.request}`);
  await shows('key compromise (1)');
  await look('member-revoked', `/member/0x${east.node}`);
  await look('members-revoked', '/members');
  await shows('revoked');
});

await verify('a search finds a node, a certificate and a request', async () => {
  for (const [wanted, place] of [[east.node, `/member/0x${east.node}`], [east.certificate, `/certificate/${east.certificate}`], ['#1', '/request/1']]) {
    await tab.visit(nodeUrl);
    await tab.fill('#q', wanted);
    await tab.loading(() => tab.click('.search button'));
    equal(await tab.get('location.pathname'), place, wanted);
  }
  tab.complaints.length = 0;
});

await verify('dark colours of members', async () => {
  await tab.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: 'dark' }] });
  await look('dark-members', '/members');
  await look('dark-request', `/request/${strange.request}`);
});

await end();
