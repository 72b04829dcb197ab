// Recomputes, with viem's RLP and keccak and ethereumjs' trie, what the headers of 1,000 blocks commit to, from the
// JSON of the RPC alone. Run by xtask/src/judges/flows.rs; headers.py repeats the hashes with Python's libraries.
//
// The header's fields are the Yellow Paper's, then one more for each of EIP-1559, 4895, 4844 (two), 4788 and 7685.

import { encodeFunctionData, hexToBytes, keccak256, numberToHex, toRlp, bytesToHex, concat } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { createMPT } from '@ethereumjs/mpt';
import { check, contract, equal, finish, keys, rpc, rpcBatch, truthy } from './harness.mjs';

const BLOCKS = 1_000;
const BATCH = 100;
const MAKING_TIMEOUT_MS = 300_000;
const sender = privateKeyToAccount(keys[8]);
const QUANTITIES = new Set(['difficulty', 'number', 'gasLimit', 'gasUsed', 'timestamp', 'baseFeePerGas', 'blobGasUsed', 'excessBlobGas']);
const FIELDS = [
  'parentHash', 'sha3Uncles', 'miner', 'stateRoot', 'transactionsRoot', 'receiptsRoot', 'logsBloom', 'difficulty', 'number', 'gasLimit',
  'gasUsed', 'timestamp', 'extraData', 'mixHash', 'nonce',
  'baseFeePerGas', 'withdrawalsRoot', 'blobGasUsed', 'excessBlobGas', 'parentBeaconBlockRoot', 'requestsHash',
];

const first = await check(`headers: ${BLOCKS} blocks are made`, makeBlocks, MAKING_TIMEOUT_MS);
const numbers = Array.from({ length: BLOCKS }, (_, index) => numberToHex(first + index));
const blocks = await inBatches(number => ({ method: 'eth_getBlockByNumber', params: [number, false] }));
const receipts = await inBatches(number => ({ method: 'eth_getBlockReceipts', params: [number] }));

await check(`headers: viem recomputes ${BLOCKS} hashes`, async () => everyBlock(block => equal(keccak256(encoded(block)), block.hash)));
await check('headers: each names its parent and follows it in time', async () => {
  blocks.slice(1).forEach((block, index) => {
    equal(block.parentHash, blocks[index].hash, block.number);
    truthy(BigInt(block.timestamp) >= BigInt(blocks[index].timestamp), `time of ${block.number}`);
  });
});
await check('headers: the transactions root is that of the raw transactions', async () => {
  const raw = await inBatches(number => ({ method: 'eth_getRawTransactionByBlockNumberAndIndex', params: [number, '0x0'] }));
  await everyBlock(async (block, index) => {
    equal(block.transactions.length, 1, 'transactions');
    equal(await listRoot([raw[index]]), block.transactionsRoot);
  });
});
await check('headers: the receipts root and the bloom are those of the receipts', () => everyBlock(async (block, index) => {
  equal(await listRoot(receipts[index].map(encodedReceipt)), block.receiptsRoot);
  equal(receipts[index].reduce((bloom, receipt) => bloom | BigInt(receipt.logsBloom), 0n), BigInt(block.logsBloom), 'bloom');
}));
await check('headers: the first block after genesis names the genesis hash', async () => {
  const [genesis, next] = await rpcBatch(['0x0', '0x1'].map(number => ({ method: 'eth_getBlockByNumber', params: [number, false] })));
  equal(keccak256(encoded(genesis.result)), genesis.result.hash, 'genesis hash');
  equal(next.result.parentHash, genesis.result.hash);
});
finish();

// One transaction at a time, each settled before the next, so each is a block; every third one leaves a log.
async function makeBlocks() {
  let nonce = Number((await rpc('eth_getTransactionCount', sender.address, 'latest')).result);
  const send = async fields => {
    const raw = await sender.signTransaction({ type: 'legacy', chainId: 31337, nonce: nonce++, gas: 200_000n, gasPrice: 2_000_000_000n, ...fields });
    const { result, error } = await rpc('eth_sendRawTransactionSync', raw);
    if (error) throw new Error(error.message);
    equal(result.status, '0x1', 'status');
    return result;
  };
  const { contractAddress, blockNumber } = await send({ data: concat([contract.bytecode, numberToHex(0, { size: 32 })]), gas: 2_000_000n });
  for (let index = 0; index < BLOCKS; index += 1) {
    const note = encodeFunctionData({ abi: contract.abi, functionName: 'note', args: [BigInt(index), 'x'.repeat(index % 70)] });
    await send(index % 3 === 0 ? { to: contractAddress, data: note } : { to: sender.address, value: 1n });
  }
  return Number(blockNumber) + 1;
}

// All of them, a hundred to a request; `undefined` in one is a failure of the check that uses it.
async function inBatches(call) {
  const results = [];
  for (let start = 0; start < numbers.length; start += BATCH) {
    const replies = await rpcBatch(numbers.slice(start, start + BATCH).map(call));
    results.push(...replies.sort((one, two) => one.id - two.id).map(reply => reply.result));
  }
  return results;
}

async function everyBlock(verify) {
  equal(blocks.length, BLOCKS, 'blocks');
  for (const [index, block] of blocks.entries()) {
    try {
      await verify(block, index);
    } catch (error) {
      throw new Error(`block ${Number(block?.number)}: ${error.message}`);
    }
  }
}

function encoded(block) {
  const present = FIELDS.filter(field => block[field] !== undefined && block[field] !== null);
  equal(present, FIELDS.slice(0, present.length), 'fields without a gap');
  return toRlp(present.map(field => (QUANTITIES.has(field) ? quantity(block[field]) : block[field])));
}

function encodedReceipt(receipt) {
  const logs = receipt.logs.map(({ address, topics, data }) => [address, topics, data]);
  const body = toRlp([quantity(receipt.status), quantity(receipt.cumulativeGasUsed), receipt.logsBloom, logs]);
  return BigInt(receipt.type) === 0n ? body : concat([numberToHex(Number(receipt.type), { size: 1 }), body]);
}

// The root of a list, keyed by RLP of the index.
async function listRoot(items) {
  const trie = await createMPT();
  for (const [index, item] of items.entries()) await trie.put(hexToBytes(toRlp(quantity(numberToHex(index)))), hexToBytes(item));
  return bytesToHex(trie.root());
}

// RLP writes a number without leading zeros, and zero as no bytes.
function quantity(hex) {
  return BigInt(hex) === 0n ? '0x' : bytesToHex(hexToBytes(numberToHex(BigInt(hex))));
}
