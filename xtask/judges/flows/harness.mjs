// What every client flow shares: named checks, the node's address, the development accounts, the contract.
//
// A flow is a module that calls `check` for each thing it asserts and ends with `finish`. Each check prints one line of
// JSON, { name, ok, reason }, which xtask/src/judges/flows.rs reads; a check that fails does not stop the next one.
// NODE_URL is the node (HTTP and WebSocket on one port); NODE_KIND is `ours` or `anvil`.

import { readFileSync } from 'node:fs';

export const nodeUrl = process.env.NODE_URL;
export const webSocketUrl = nodeUrl.replace('http://', 'ws://');
export const ours = process.env.NODE_KIND === 'ours';
export const contract = JSON.parse(readFileSync(new URL('./noted.json', import.meta.url)));

// The first ten keys of "test test test test test test test test test test test junk". Each flow uses its own accounts,
// so that one flow's nonces do not move under another's.
export const keys = [
  '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  '0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
  '0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6',
  '0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a',
  '0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba',
  '0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e',
  '0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356',
  '0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97',
  '0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6',
];

const CHECK_TIMEOUT_MS = 30_000;
let failures = 0;

/** Runs one named check. What the body returns is handed on, so later checks can build on it. */
export async function check(name, body, timeoutMs = CHECK_TIMEOUT_MS) {
  try {
    const result = await within(timeoutMs, body());
    report({ name, ok: true, reason: '' });
    return result;
  } catch (error) {
    failures += 1;
    report({ name, ok: false, reason: words(error) });
    return undefined;
  }
}

/** A check of what only our node promises: anvil answers otherwise, and need not. */
export async function checkOurs(name, body) {
  return ours ? check(name, body) : undefined;
}

/** Ends the process, so that open sockets and pollers cannot keep it: with 3 when checks failed, which no crash does. */
export function finish() {
  process.exit(failures === 0 ? 0 : 3);
}

export function equal(actual, expected, what = 'value') {
  const [left, right] = [plain(actual), plain(expected)];
  if (left !== right) throw new Error(`${what}: got ${left}, expected ${right}`);
}

export function truthy(value, what) {
  if (!value) throw new Error(`${what}: got ${plain(value)}`);
}

/** The error that `body` ends with; that it does not fail is the failure. */
export async function failure(body) {
  try {
    await body();
  } catch (error) {
    return error;
  }
  throw new Error('expected a failure, and it succeeded');
}

/** The first value that `subscribe(found, lost)` reports, after `act` was done; the subscription is ended. */
export async function firstOf(subscribe, act) {
  let end = () => {};
  const value = new Promise((found, lost) => { end = subscribe(found, lost); });
  try {
    await end;
    await act();
    return await within(10_000, value);
  } finally {
    await (await end)?.();
  }
}

/** One JSON-RPC call as written, past any client's own ideas. */
export async function rpc(method, ...params) {
  const [reply] = await rpcBatch([{ method, params }]);
  return reply;
}

export async function rpcBatch(calls) {
  const body = calls.map((call, id) => ({ jsonrpc: '2.0', id, ...call }));
  const response = await fetch(nodeUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  return response.json();
}

export const pause = ms => new Promise(done => setTimeout(done, ms));

async function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms); });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function report(line) {
  console.log(JSON.stringify(line));
}

function words(error) {
  const text = error?.shortMessage ? `${error.shortMessage} ${error.details ?? ''}` : String(error?.message ?? error);
  return text.replace(/\s+/g, ' ').slice(0, 400);
}

function plain(value) {
  return JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${item}` : item));
}
