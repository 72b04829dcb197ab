// What the pages show: a currency, items with attributes, tokens on their way, made by transactions of the development accounts.

import { encodeFunctionData, keccak256, parseAbi, stringToHex, toHex } from 'viem';
import { pause } from '../flows/harness.mjs';
import { rpc } from './rpc.mjs';

export const TOKEN = '0xc0f0110000000000000000000300000000000000';
export const CASH = '0xc0f0110000000000000000000200000000000000';
export const EURO = '0xc0f0110000000000000000000200000000455552';
const ZERO_ADDRESS = `0x${'00'.repeat(20)}`;

const abi = parseAbi([
  'function create(string code, address issuer)',
  'function mint(address to, uint256 amount, bytes32 referenceId)',
  'struct Terms { uint8 kind; bytes32 attributesHash; uint64 units; uint64 unitsPerToken; bool interchangeable; bool redeemable; bool possessionIsOwnership; bool transferable; bool exists; uint64 presaleFrom; uint64 presaleUntil; uint64 redeemFrom; uint64 redeemUntil; address custodian; }',
  'function createItem(bytes32 identifier, Terms terms) returns (bytes32)',
  'function itemKey(address issuer, bytes32 identifier) view returns (bytes32)',
  'function tokenId(bytes32 item, uint64 instance) view returns (uint256)',
  'function reportCondition(uint256 id, bytes32 reportHash)',
  'function list(uint256 id, uint256 amount, address currency, uint256 price, uint64 until) returns (uint64)',
  'function gift(uint256 id, uint256 amount, address recipient, uint64 until, bytes32 note) returns (uint64)',
  'function safeTransferFrom(address from, address to, uint256 id, uint256 value, bytes data)',
  'function balanceOf(address account, uint256 id) view returns (uint256)',
]);
const mintTokens = parseAbi(['function mint(bytes32 item, uint64 tokens) returns (uint256)']);

/** Sends a transaction and waits for its receipt. */
export const send = async (from, to, data = '0x') => {
  const hash = await rpc('eth_sendTransaction', { from, to, data });
  for (;;) {
    const receipt = await rpc('eth_getTransactionReceipt', hash);
    if (receipt && receipt.status !== '0x1') throw new Error(`${hash} failed`);
    if (receipt) return receipt;
    await pause(50);
  }
};

const call = (functionName, args, of = abi) => encodeFunctionData({ abi: of, functionName, args });
const word = hex => hex.slice(2).padStart(64, '0');
const ask = async (functionName, args) => rpc('eth_call', { to: TOKEN, data: call(functionName, args) }, 'latest');
export const balance = async (account, id) => BigInt(await ask('balanceOf', [account, id]));
export const path = id => word(id);

/** RFC 8785, for values without numbers that need care. */
const canonical = value => JSON.stringify(value, (_, inner) => (
  inner && typeof inner === 'object' && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([one], [next]) => (one < next ? -1 : 1))) : inner));

const item = async (issuer, identifier, attributes, terms) => {
  const text = canonical(attributes);
  const name = stringToHex(identifier, { size: 32 });
  const whole = { kind: 0, attributesHash: keccak256(toHex(text)), units: 3n, unitsPerToken: 1n, interchangeable: false, redeemable: true, possessionIsOwnership: true, transferable: true, exists: true, presaleFrom: 0n, presaleUntil: 0n, redeemFrom: 0n, redeemUntil: 0n, custodian: ZERO_ADDRESS, ...terms };
  await send(issuer, TOKEN, call('createItem', [name, whole]));
  const key = await ask('itemKey', [issuer, name]);
  await rpc('counterfoil_putAttributes', key, text);
  return key;
};

/** The key pair of the issuer: private as CryptoKey, public as it stands in attributes. */
const deliveryKey = async () => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
  return { pair, hex: toHex(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))) };
};

const bottle = hex => ({
  name: 'Marillenbrand 2024, Große Reserve',
  description: 'Apricot brandy of one orchard in the Wachau, distilled twice and rested for eighteen months in glass. Bottled unfiltered at 42 % vol.',
  classification: 'spirits / fruit brandy',
  image: 'ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi',
  media: [{ kind: 'image', uri: 'https://winery.example/bottle.jpg', hash: `0x${'5a'.repeat(32)}` }],
  physical: { volumeLitres: 0.5, package: { material: 'wood', weightGrams: 1450 } },
  origination: { limitedEdition: '3 bottles', placeOfOrigin: 'Krems an der Donau, Austria' },
  attributes: [{ trait_type: 'vintage', value: 2024 }, { trait_type: 'orchard', value: 'Ried Sandgrube' }],
  deliveryKey: hex,
});

const hostile = { name: '<script>alert(1)</script><b>Bold</b> & "quoted"', description: '<img src=x onerror=alert(2)>', attributes: [{ trait_type: '<i>size</i>', value: '</dd></dl><h1>broken out' }] };

/** Makes it all, and names what was made. */
export const make = async () => {
  const [governor, winery, anna, ben] = await rpc('eth_accounts');
  await send(governor, CASH, call('create', ['EUR', governor]));
  await send(governor, EURO, call('mint', [anna, 123_450n, `0x${'00'.repeat(31)}01`]));
  const { pair, hex } = await deliveryKey();
  const bottles = await item(winery, 'brandy-2024', bottle(hex), {});
  const milk = await item(winery, 'milk', { name: 'Fresh milk, a litre', classification: 'dairy', deliveryKey: hex }, { kind: 3, units: 1000n, unitsPerToken: 10n, interchangeable: true, possessionIsOwnership: false, presaleUntil: 1_900_000_000n });
  const strange = await item(ben, 'strange', hostile, { kind: 4, exists: false, redeemable: false, transferable: false });
  await send(winery, TOKEN, call('mint', [bottles, 3n], mintTokens));
  await send(winery, TOKEN, call('mint', [milk, 60n], mintTokens));
  const ids = [];
  for (const instance of [1n, 2n, 3n]) ids.push(await ask('tokenId', [bottles, instance]));
  await send(winery, TOKEN, call('list', [ids[0], 1n, EURO, 4_950n, 0n]));
  await send(winery, TOKEN, call('gift', [ids[1], 1n, ben, 1_900_000_000n, `0x${'00'.repeat(32)}`]));
  await send(winery, TOKEN, call('reportCondition', [ids[0], keccak256('0x01')]));
  await send(winery, TOKEN, call('safeTransferFrom', [winery, anna, milk, 5n, '0x']));
  return { governor, winery, anna, ben, bottles, milk, strange, ids, pair };
};
