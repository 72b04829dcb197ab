// The flows of a viem user: transactions of every type, contracts, logs, proofs, EIP-7702, simulation, signing.
// Run by xtask/src/judges/flows.rs. What the checks expect is Ethereum's rules and viem's own reading of them.

import {
  createPublicClient, createWalletClient, http, webSocket, defineChain,
  getContractAddress, keccak256, encodeFunctionData, encodeAbiParameters, parseEther, parseEventLogs, recoverTypedDataAddress,
  toHex, toRlp, fromRlp, hexToBytes, bytesToHex, pad, concat, decodeErrorResult, decodeFunctionResult, maxUint256, numberToHex,
  BaseError, ContractFunctionRevertedError, InsufficientFundsError, NonceTooLowError, IntrinsicGasTooLowError, TransactionNotFoundError,
} from 'viem';
import { createNonceManager, generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { jsonRpc } from 'viem/nonce';
import { verifyMerkleProof } from '@ethereumjs/mpt';
import { check, checkOurs, contract, equal, failure, finish, firstOf, keys, nodeUrl, ours, rpc, rpcBatch, truthy, webSocketUrl } from './harness.mjs';

const chain = defineChain({ id: 31337, name: 'node', nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 }, rpcUrls: { default: { http: [nodeUrl], webSocket: [webSocketUrl] } } });
const reader = createPublicClient({ chain, transport: http(), pollingInterval: 20, cacheTime: 0 });
const account = privateKeyToAccount(keys[0]);
const other = privateKeyToAccount(keys[1]);
const wallet = createWalletClient({ account, chain, transport: http() });
const abi = contract.abi;
const stranger = '0x00000000000000000000000000000000005ca1ab';

// Called without parameters: what matters is that the answer is not "no such method".
const OFFERED = `
  web3_clientVersion web3_sha3 net_version net_listening net_peerCount rpc_modules
  txpool_status txpool_content txpool_contentFrom txpool_inspect
  eth_chainId eth_config eth_syncing eth_blockNumber eth_gasPrice eth_maxPriorityFeePerGas eth_blobBaseFee eth_feeHistory
  eth_accounts eth_sendTransaction eth_signTransaction eth_sign eth_signTypedData eth_signTypedData_v4
  eth_getBalance eth_getTransactionCount eth_getCode eth_getStorageAt eth_getProof
  eth_call eth_simulateV1 eth_estimateGas eth_createAccessList eth_sendRawTransaction eth_sendRawTransactionSync
  eth_getTransactionByHash eth_getTransactionByBlockHashAndIndex eth_getTransactionByBlockNumberAndIndex
  eth_getRawTransactionByHash eth_getRawTransactionByBlockHashAndIndex eth_getRawTransactionByBlockNumberAndIndex
  eth_getTransactionReceipt eth_getBlockReceipts eth_getBlockByHash eth_getBlockByNumber eth_getHeaderByHash eth_getHeaderByNumber
  eth_getBlockTransactionCountByHash eth_getBlockTransactionCountByNumber eth_getUncleCountByBlockHash eth_getUncleCountByBlockNumber
  eth_getUncleByBlockHashAndIndex eth_getUncleByBlockNumberAndIndex
  eth_getLogs eth_newFilter eth_newBlockFilter eth_newPendingTransactionFilter eth_getFilterChanges eth_getFilterLogs eth_uninstallFilter
  debug_traceTransaction debug_traceCall debug_traceBlockByHash debug_traceBlockByNumber
  debug_getRawHeader debug_getRawBlock debug_getRawReceipts debug_getRawTransaction
`.trim().split(/\s+/);

const settled = hash => reader.waitForTransactionReceipt({ hash, timeout: 10_000 });

await identity();
const noted = await deployment();
await transactions();
await contractCalls(noted);
await logs(noted);
await subscriptions(noted);
await proofs(noted);
await delegation(noted);
await overrides(noted);
await simulation(noted);
await fees();
await failures(noted);
await signing();
await blocks();
await tracing(noted);
await wire();
finish();

async function identity() {
  await check('viem: the chain id is the development chain\'s', async () => equal(await reader.getChainId(), 31337));
  await check('viem: ten unlocked accounts, the well-known ones', async () => {
    equal(await createWalletClient({ chain, transport: http() }).getAddresses(), keys.map(key => privateKeyToAccount(key).address));
  });
  await check('viem: the accounts are funded', async () => truthy(await reader.getBalance({ address: account.address }) > parseEther('100'), 'balance'));
}

async function deployment() {
  return check('viem: deploy a contract with a constructor argument and value', async () => {
    const nonce = await reader.getTransactionCount({ address: account.address });
    const hash = await wallet.deployContract({ abi, bytecode: contract.bytecode, args: [7n], value: 5n });
    const receipt = await settled(hash);
    equal(receipt.status, 'success');
    equal(receipt.contractAddress.toLowerCase(), getContractAddress({ from: account.address, nonce: BigInt(nonce) }).toLowerCase(), 'address');
    truthy((await reader.getCode({ address: receipt.contractAddress })).length > 100, 'code');
    equal(await reader.getBalance({ address: receipt.contractAddress }), 5n, 'balance');
    return receipt.contractAddress;
  });
}

async function transactions() {
  const kinds = {
    legacy: { type: 'legacy', gasPrice: 2_000_000_000n },
    'with an access list (EIP-2930)': { type: 'eip2930', gasPrice: 2_000_000_000n, accessList: [{ address: stranger, storageKeys: [pad('0x1')] }] },
    'with a priority fee (EIP-1559)': { type: 'eip1559', maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n },
  };
  for (const [kind, fields] of Object.entries(kinds)) {
    await check(`viem: send a transaction ${kind}`, async () => {
      const before = await reader.getBalance({ address: stranger });
      const hash = await wallet.sendTransaction({ to: stranger, value: 3n, ...fields });
      const receipt = await settled(hash);
      equal([receipt.status, receipt.type], ['success', fields.type]);
      equal(await reader.getBalance({ address: stranger }) - before, 3n, 'received');
      const mined = await reader.getTransaction({ hash });
      equal([mined.from, mined.to, mined.value, mined.typeHex], [account.address.toLowerCase(), stranger, 3n, { legacy: '0x0', eip2930: '0x1', eip1559: '0x2' }[fields.type]]);
      if (fields.accessList) equal(mined.accessList, fields.accessList, 'access list');
    });
  }
  await checkOurs('viem: a price of zero is accepted', async () => {
    const receipt = await settled(await wallet.sendTransaction({ to: stranger, value: 1n, gasPrice: 0n, type: 'legacy' }));
    equal([receipt.status, receipt.effectiveGasPrice], ['success', 0n]);
  });
  await check('viem: an unlocked account sends through the node (eth_sendTransaction)', async () => {
    const unlocked = createWalletClient({ account: other.address, chain, transport: http() });
    const receipt = await settled(await unlocked.sendTransaction({ to: stranger, value: 1n }));
    equal([receipt.status, receipt.from], ['success', other.address.toLowerCase()]);
  });
  await check('viem: send and wait in one call (EIP-7966)', async () => {
    const request = await wallet.prepareTransactionRequest({ to: stranger, value: 1n });
    const receipt = await wallet.sendRawTransactionSync({ serializedTransaction: await wallet.signTransaction(request) });
    equal([receipt.status, receipt.to], ['success', stranger]);
  });
  await check('viem: a hash just answered is known at once', async () => {
    const hash = await wallet.sendTransaction({ to: stranger, value: 1n });
    equal((await reader.getTransaction({ hash })).hash, hash);
    await settled(hash);
  });
  await check('viem: twenty transactions of one sender, sent without waiting, all settle in order', async () => {
    const sender = privateKeyToAccount(keys[2], { nonceManager: createNonceManager({ source: jsonRpc() }) });
    const busy = createWalletClient({ account: sender, chain, transport: http() });
    const hashes = await Promise.all(Array.from({ length: 20 }, () => busy.sendTransaction({ to: stranger, value: 1n, gas: 21_000n, maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 0n })));
    const receipts = await Promise.all(hashes.map(settled));
    equal(receipts.every(receipt => receipt.status === 'success'), true);
    const places = receipts.map(receipt => receipt.blockNumber * 1_000n + BigInt(receipt.transactionIndex));
    equal(places, [...places].sort((a, b) => (a < b ? -1 : 1)), 'places');
  });
}

async function contractCalls(address) {
  await check('viem: read a contract', async () => equal(await reader.readContract({ address, abi, functionName: 'count' }), 7n));
  await check('viem: simulate, then write, then read', async () => {
    const { request, result } = await reader.simulateContract({ account, address, abi, functionName: 'note', args: [11n, 'first'] });
    equal(result, 8n, 'simulated');
    const receipt = await settled(await wallet.writeContract(request));
    equal(receipt.status, 'success');
    equal(await reader.readContract({ address, abi, functionName: 'count' }), 8n, 'read');
  });
  await check('viem: storage at a slot', async () => equal(BigInt(await reader.getStorageAt({ address, slot: '0x0' })), 8n));
  await check('viem: state at an earlier block', async () => {
    const head = await reader.getBlockNumber();
    equal(await reader.readContract({ address, abi, functionName: 'count', blockNumber: head - 1n }), 7n);
  });
  await check('viem: an estimate is enough and not above the limit it is spent under', async () => {
    const gas = await reader.estimateContractGas({ account, address, abi, functionName: 'note', args: [12n, 'estimated'] });
    const receipt = await settled(await wallet.writeContract({ address, abi, functionName: 'note', args: [12n, 'estimated'], gas }));
    equal(receipt.status, 'success');
    truthy(receipt.gasUsed <= gas, 'gas used within the estimate');
  });
  await check('viem: a transfer is estimated at 21000', async () => equal(await reader.estimateGas({ account, to: stranger, value: 1n }), 21_000n));
  await check('viem: an access list is created and spares gas', async () => {
    const data = encodeFunctionData({ abi, functionName: 'note', args: [12n, 'listed'] });
    const { accessList, gasUsed } = await reader.createAccessList({ account, to: address, data, gas: 200_000n });
    truthy(gasUsed > 21_000n, 'gas used');
    const slots = accessList.find(entry => entry.address.toLowerCase() === address.toLowerCase())?.storageKeys ?? [];
    truthy(slots.includes(pad('0x0')), 'the counter\'s slot is in the list');
  });
}

async function logs(address) {
  const noteEvent = abi.find(item => item.type === 'event');
  const sent = await check('viem: a receipt\'s logs decode', async () => {
    const receipt = await settled(await wallet.writeContract({ address, abi, functionName: 'note', args: [21n, 'logged'] }));
    const [event] = parseEventLogs({ abi, logs: receipt.logs });
    equal(event.args, { who: account.address, number: 21n, text: 'logged' });
    truthy(BigInt(receipt.logsBloom) > 0n, 'bloom');
    return receipt;
  });
  await check('viem: logs by address, topic and range', async () => {
    const found = await reader.getLogs({ address, event: noteEvent, args: { number: 21n }, fromBlock: 0n, toBlock: 'latest' });
    equal(found.map(log => log.transactionHash), [sent.transactionHash]);
    equal(await reader.getLogs({ address, event: noteEvent, args: { number: 999n }, fromBlock: 0n }), []);
    equal((await reader.getLogs({ address, event: noteEvent, args: { number: [11n, 21n] }, fromBlock: 0n })).length, 2, 'either of two');
  });
  await check('viem: logs of one block by its hash', async () => {
    const found = await reader.getLogs({ blockHash: sent.blockHash });
    truthy(found.some(log => log.transactionHash === sent.transactionHash), 'the log');
  });
  await check('viem: a log filter reports what came since', async () => {
    const filter = await reader.createContractEventFilter({ address, abi, eventName: 'Note' });
    await settled(await wallet.writeContract({ address, abi, functionName: 'note', args: [22n, 'filtered'] }));
    const changes = await reader.getFilterChanges({ filter });
    equal(changes.map(log => log.args.number), [22n]);
    equal(await reader.getFilterChanges({ filter }), [], 'again');
    equal((await reader.getFilterLogs({ filter })).length >= 1, true, 'all of the filter');
    equal(await reader.uninstallFilter({ filter }), true);
  });
  await check('viem: a block filter reports new hashes', async () => {
    const filter = await reader.createBlockFilter();
    const receipt = await settled(await wallet.sendTransaction({ to: stranger, value: 1n }));
    truthy((await reader.getFilterChanges({ filter })).includes(receipt.blockHash), 'the block');
  });
}

async function subscriptions(address) {
  const socket = createPublicClient({ chain, transport: webSocket(webSocketUrl) });
  await check('viem: newHeads over WebSocket', async () => {
    let receipt;
    const header = await firstOf(
      async (found, lost) => (await socket.transport.subscribe({ params: ['newHeads'], onData: data => found(data.result), onError: lost })).unsubscribe,
      async () => { receipt = await settled(await wallet.sendTransaction({ to: stranger, value: 1n })); },
    );
    equal([header.hash, BigInt(header.number)], [receipt.blockHash, receipt.blockNumber]);
  });
  await check('viem: logs over WebSocket', async () => {
    const event = await firstOf(
      (found, lost) => socket.watchContractEvent({ address, abi, eventName: 'Note', onLogs: ([log]) => found(log), onError: lost }),
      async () => {
        await socket.getBlockNumber();
        await settled(await wallet.writeContract({ address, abi, functionName: 'note', args: [31n, 'watched'] }));
      },
    );
    equal(event.args, { who: account.address, number: 31n, text: 'watched' });
  });
  await check('viem: pending transactions over WebSocket', async () => {
    let hash;
    const seen = await firstOf(
      async (found, lost) => (await socket.transport.subscribe({ params: ['newPendingTransactions'], onData: data => found(data.result), onError: lost })).unsubscribe,
      async () => { hash = await wallet.sendTransaction({ to: stranger, value: 1n }); await settled(hash); },
    );
    equal(seen, hash);
  });
  await check('viem: calls over WebSocket', async () => equal(await socket.readContract({ address, abi, functionName: 'numberOf', args: [account.address] }), 31n));
}

async function proofs(address) {
  const slotOfSender = keccak256(encodeAbiParameters([{ type: 'address' }, { type: 'uint256' }], [account.address, 1n]));
  await check('viem: the proof of an account and its storage leads to the block\'s state root', async () => {
    const { block, proof } = await provedAtHead(address, [pad('0x0'), slotOfSender]);
    const leaf = await proved(block.stateRoot, address, proof.accountProof);
    equal(fromRlp(leaf), [trimmed(BigInt(proof.nonce)), trimmed(proof.balance), proof.storageHash, proof.codeHash], 'account');
    equal(keccak256(await reader.getCode({ address })), proof.codeHash, 'code hash');
    for (const { key, value, proof: nodes } of proof.storageProof) {
      const stored = await proved(proof.storageHash, pad(key), nodes);
      equal(fromRlp(stored), trimmed(value), `slot ${key}`);
    }
  });
  await check('viem: a proof shows that an account and a slot are absent', async () => {
    const nobody = privateKeyToAccount(generatePrivateKey()).address;
    const { block, proof } = await provedAtHead(nobody, []);
    equal(await proved(block.stateRoot, nobody, proof.accountProof), null, 'account');
    const { proof: contractProof } = await provedAtHead(address, [pad('0xdead')]);
    equal(await proved(contractProof.storageHash, pad('0xdead'), contractProof.storageProof[0].proof), null, 'slot');
  });
}

// Reads the header and the proof of one block; nobody else sends while this flow runs.
async function provedAtHead(address, storageKeys) {
  const block = await reader.getBlock();
  return { block, proof: await reader.getProof({ address, storageKeys, blockNumber: block.number }) };
}

async function proved(root, key, nodes) {
  const value = await verifyMerkleProof(hexToBytes(key), nodes.map(node => hexToBytes(node)), { root: hexToBytes(root), useKeyHashing: true });
  return value === null ? null : bytesToHex(value);
}

// RLP integers have no leading zeros, and zero is no bytes.
function trimmed(value) {
  return value === 0n ? '0x' : bytesToHex(hexToBytes(toHex(value)));
}

async function delegation(address) {
  const authority = privateKeyToAccount(keys[3]);
  await check('viem: an account delegates its code (EIP-7702), sponsored by another', async () => {
    const authorization = await wallet.signAuthorization({ account: authority, contractAddress: address });
    const data = encodeFunctionData({ abi, functionName: 'note', args: [41n, 'delegated'] });
    const hash = await wallet.sendTransaction({ to: authority.address, data, authorizationList: [authorization] });
    const receipt = await settled(hash);
    equal([receipt.status, receipt.type], ['success', 'eip7702']);
    equal(await reader.getCode({ address: authority.address }), concat(['0xef0100', address]).toLowerCase(), 'code');
    equal(await reader.readContract({ address: authority.address, abi, functionName: 'count' }), 1n, 'its own storage');
    const [listed] = (await reader.getTransaction({ hash })).authorizationList;
    equal([listed.address.toLowerCase(), listed.chainId, listed.nonce], [address.toLowerCase(), 31337, authorization.nonce], 'listed');
  });
  await check('viem: a delegated account may still send by itself', async () => {
    const own = createWalletClient({ account: authority, chain, transport: http() });
    equal((await settled(await own.sendTransaction({ to: stranger, value: 1n }))).status, 'success');
  });
  await check('viem: the delegation is cleared again', async () => {
    const own = createWalletClient({ account: authority, chain, transport: http() });
    const authorization = await own.signAuthorization({ contractAddress: '0x0000000000000000000000000000000000000000', executor: 'self' });
    equal((await settled(await own.sendTransaction({ to: stranger, authorizationList: [authorization] }))).status, 'success');
    equal(await reader.getCode({ address: authority.address }), undefined, 'code');
  });
}

async function overrides(address) {
  const count = { to: address, data: encodeFunctionData({ abi, functionName: 'count' }) };
  await check('viem: a call with a storage difference', async () => {
    const stateOverride = [{ address, stateDiff: [{ slot: pad('0x0'), value: pad('0x3e7') }] }];
    equal(BigInt((await reader.call({ ...count, stateOverride })).data), 999n);
    equal(await reader.readContract({ address, abi, functionName: 'numberOf', args: [account.address], stateOverride }), 31n, 'the rest stays');
  });
  await check('viem: a call with the whole storage replaced', async () => {
    const stateOverride = [{ address, state: [{ slot: pad('0x0'), value: pad('0x5') }] }];
    equal(BigInt((await reader.call({ ...count, stateOverride })).data), 5n);
    equal(await reader.readContract({ address, abi, functionName: 'numberOf', args: [account.address], stateOverride }), 0n, 'the rest is gone');
  });
  await check('viem: a call with code put where none is', async () => {
    const answer42 = '0x602a60005260206000f3';
    equal(BigInt((await reader.call({ to: stranger, stateOverride: [{ address: stranger, code: answer42 }] })).data), 42n);
  });
  await check('viem: a call with a balance given', async () => {
    const poor = privateKeyToAccount(generatePrivateKey()).address;
    const call = { account: poor, to: stranger, value: parseEther('1') };
    await failure(() => reader.call(call));
    await reader.call({ ...call, stateOverride: [{ address: poor, balance: parseEther('2') }] });
  });
  await check('viem: a call with block fields replaced', async () => {
    const number = '0x4360005260206000f3';
    const { data } = await reader.call({ to: stranger, stateOverride: [{ address: stranger, code: number }], blockOverrides: { number: 123_456n } });
    equal(BigInt(data), 123_456n);
  });
  await check('viem: a call that deploys on the fly', async () => {
    const code = concat([contract.bytecode, pad('0x9')]);
    equal(BigInt((await reader.call({ code, data: count.data })).data), 9n);
  });
}

async function simulation(address) {
  await check('viem: simulateCalls carries state from call to call', async () => {
    const note = number => ({ to: address, abi, functionName: 'note', args: [number, 'simulated'] });
    const before = await reader.readContract({ address, abi, functionName: 'count' });
    const { results } = await reader.simulateCalls({ account, calls: [note(51n), note(52n), { to: address, abi, functionName: 'count' }] });
    equal(results.map(result => result.status), ['success', 'success', 'success']);
    equal(results.map(result => result.result), [before + 1n, before + 2n, before + 2n]);
    equal(results[0].logs.length, 1, 'logs');
    equal(await reader.readContract({ address, abi, functionName: 'count' }), before, 'nothing changed');
  });
  await check('viem: simulateCalls reports a call that reverts', async () => {
    const { results: [result] } = await reader.simulateCalls({ account, calls: [{ to: address, abi, functionName: 'take', args: [maxUint256] }] });
    equal(result.status, 'failure');
    truthy(result.error instanceof BaseError, 'decoded error');
  });
  await check('viem: simulateBlocks makes a chain of blocks', async () => {
    const head = await reader.getBlock();
    const poor = privateKeyToAccount(generatePrivateKey()).address;
    const simulated = await reader.simulateBlocks({ blocks: [
      { stateOverrides: [{ address: poor, balance: 10n }], calls: [{ account: poor, to: stranger, value: 4n }] },
      { blockOverrides: { number: head.number + 2n, time: head.timestamp + 100n }, calls: [{ account: poor, to: stranger, value: 6n }] },
    ] });
    equal(simulated[1].timestamp, head.timestamp + 100n, 'time');
    if (ours) {
      equal(simulated.map(block => block.number), [head.number + 1n, head.number + 2n]);
      equal(simulated.map(block => block.parentHash), [head.hash, simulated[0].hash], 'parents');
    }
    equal(simulated.map(block => block.calls[0].status), ['success', 'success']);
    equal(simulated[0].calls[0].gasUsed, 21_000n, 'gas');
  });
}

async function fees() {
  await check('viem: fee history has one base fee more than blocks, and the asked rewards', async () => {
    const history = await reader.getFeeHistory({ blockCount: 4, rewardPercentiles: [25, 75] });
    equal([history.baseFeePerGas.length, history.gasUsedRatio.length, history.reward.length, history.reward[0].length], [5, 4, 4, 2]);
    equal(history.oldestBlock, await reader.getBlockNumber() - 3n, 'oldest');
  });
  await checkOurs('viem: base fees are zero', async () => {
    equal((await reader.getFeeHistory({ blockCount: 4, rewardPercentiles: [] })).baseFeePerGas.every(fee => fee === 0n), true);
    equal((await reader.getBlock()).baseFeePerGas, 0n);
  });
  await check('viem: the estimated fees are ones that a transaction is taken at', async () => {
    const { maxFeePerGas, maxPriorityFeePerGas } = await reader.estimateFeesPerGas();
    truthy(maxFeePerGas >= maxPriorityFeePerGas, 'fees');
    equal((await settled(await wallet.sendTransaction({ to: stranger, maxFeePerGas, maxPriorityFeePerGas }))).status, 'success');
  });
  await check('viem: a blob base fee', async () => truthy(await reader.getBlobBaseFee() >= 0n, 'fee'));
}

async function failures(address) {
  const revertOf = async call => (await failure(() => reader.simulateContract({ account, address, abi, ...call }))).walk(error => error instanceof ContractFunctionRevertedError);
  await check('viem: a custom error is decoded with its arguments', async () => {
    const revert = await revertOf({ functionName: 'take', args: [1_000n] });
    equal([revert.data.errorName, revert.data.args], ['Insufficient', [account.address, 31n, 1_000n]]);
  });
  await check('viem: a reason in words', async () => equal((await revertOf({ functionName: 'refuse' })).reason, 'refused in words'));
  await check('viem: a panic with its code', async () => equal((await revertOf({ functionName: 'divide', args: [0n] })).data.args, [18n]));
  await check('viem: a revert on the wire has code 3, geth\'s words and the data', async () => {
    const { error } = await rpc('eth_call', { from: account.address, to: address, data: encodeFunctionData({ abi, functionName: 'take', args: [1_000n] }) }, 'latest');
    equal(error.code, 3);
    truthy(error.message.startsWith('execution reverted'), error.message);
    equal(decodeErrorResult({ abi, data: error.data }).errorName, 'Insufficient');
  });
  await check('viem: an estimate of a reverting call gives the revert', async () => {
    const error = await failure(() => reader.estimateContractGas({ account, address, abi, functionName: 'take', args: [1_000n] }));
    equal(error.walk(cause => cause instanceof ContractFunctionRevertedError)?.data?.errorName, 'Insufficient');
  });
  await check('viem: a transaction that reverts is mined with status 0', async () => {
    const receipt = await settled(await wallet.writeContract({ address, abi, functionName: 'refuse', gas: 100_000n }));
    equal([receipt.status, receipt.logs], ['reverted', []]);
  });
  const refused = async (fields, kind) => {
    const error = await failure(() => wallet.sendTransaction({ to: stranger, gas: 21_000n, ...fields }));
    truthy(error.walk(cause => cause instanceof kind), `${kind.name}: ${error.details}`);
  };
  await check('viem: nonce too low is recognized', () => refused({ nonce: 0 }, NonceTooLowError));
  await check('viem: insufficient funds are recognized', () => refused({ value: parseEther('100000000') }, InsufficientFundsError));
  await check('viem: too little gas is recognized', () => refused({ gas: 20_000n }, IntrinsicGasTooLowError));
  await check('viem: a transaction of another chain is refused', async () => {
    const foreign = await account.signTransaction({ type: 'eip1559', chainId: 1, nonce: 0, to: stranger, gas: 21_000n, maxFeePerGas: 1n });
    truthy((await rpc('eth_sendRawTransaction', foreign)).error, 'error');
  });
  await check('viem: an unknown transaction is not found', async () => {
    truthy(await failure(() => reader.getTransaction({ hash: pad('0x1') })) instanceof TransactionNotFoundError, 'error');
  });
}

async function signing() {
  const typedData = {
    domain: { name: 'Counterfoil', version: '1', chainId: 31337, verifyingContract: stranger },
    types: { Leg: [{ name: 'to', type: 'address' }, { name: 'amount', type: 'uint256' }], Order: [{ name: 'legs', type: 'Leg[]' }, { name: 'memo', type: 'string' }] },
    primaryType: 'Order',
    message: { legs: [{ to: stranger, amount: 3n }, { to: other.address, amount: 4n }], memo: 'two legs' },
  };
  await check('viem: the node signs typed data (EIP-712) as the key would', async () => {
    const unlocked = createWalletClient({ account: other.address, chain, transport: http() });
    const signature = await unlocked.signTypedData(typedData);
    equal(await recoverTypedDataAddress({ ...typedData, signature }), other.address);
    equal(signature, await other.signTypedData(typedData), 'deterministic signature');
  });
  await check('viem: the node signs a message (eth_sign) as the key would', async () => {
    const { result } = await rpc('eth_sign', other.address, toHex('hello'));
    equal(result, await other.signMessage({ message: 'hello' }));
  });
  await checkOurs('viem: the node signs a transaction, and does not send it', async () => {
    const nonce = await reader.getTransactionCount({ address: other.address });
    const { result } = await rpc('eth_signTransaction', { from: other.address, to: stranger, gas: '0x5208', nonce: toHex(nonce), maxFeePerGas: '0x1', maxPriorityFeePerGas: '0x0', value: '0x1', chainId: '0x7a69' });
    const expected = await other.signTransaction({ type: 'eip1559', chainId: 31337, nonce, to: stranger, gas: 21_000n, maxFeePerGas: 1n, maxPriorityFeePerGas: 0n, value: 1n });
    equal(result.raw, expected);
    equal(await reader.getTransactionCount({ address: other.address }), nonce, 'nonce');
  });
}

async function blocks() {
  await check('viem: a block with its transactions, found by number, hash and tag', async () => {
    const receipt = await settled(await wallet.sendTransaction({ to: stranger, value: 1n }));
    const block = await reader.getBlock({ blockHash: receipt.blockHash, includeTransactions: true });
    const transaction = block.transactions.find(({ hash }) => hash === receipt.transactionHash);
    equal([transaction.blockNumber, transaction.transactionIndex], [receipt.blockNumber, receipt.transactionIndex]);
    equal((await reader.getBlock({ blockNumber: receipt.blockNumber })).hash, receipt.blockHash);
    for (const blockTag of ['latest', 'safe', 'finalized']) truthy((await reader.getBlock({ blockTag })).number >= 0n, blockTag);
    equal((await reader.getBlock({ blockTag: 'earliest' })).number, 0n);
    equal(await reader.getBlockTransactionCount({ blockHash: receipt.blockHash }), block.transactions.length);
  });
  await checkOurs('viem: safe and finalized are the head: final means durable', async () => {
    const [latest, safe, finalized] = await Promise.all(['latest', 'safe', 'finalized'].map(blockTag => reader.getBlock({ blockTag })));
    equal([safe.hash, finalized.hash], [latest.hash, latest.hash]);
  });
  await check('viem: the receipts of a block are the receipts of its transactions', async () => {
    const block = await reader.getBlock();
    const { result } = await rpc('eth_getBlockReceipts', numberToHex(block.number));
    const singly = await Promise.all(block.transactions.map(async hash => (await rpc('eth_getTransactionReceipt', hash)).result));
    equal(result, singly);
  });
  await checkOurs('viem: raw header, block and transaction hash to what they are', async () => {
    const block = await reader.getBlock();
    const [header, whole] = [await rpc('debug_getRawHeader', numberToHex(block.number)), await rpc('debug_getRawBlock', numberToHex(block.number))];
    equal(keccak256(header.result), block.hash, 'header');
    equal(toRlp(fromRlp(whole.result)[0]), header.result, 'block');
    equal(keccak256((await rpc('debug_getRawTransaction', block.transactions[0])).result), block.transactions[0], 'transaction');
  });
}

async function tracing(address) {
  let sent;
  await check('viem: the call tracer gives the call', async () => {
    sent = await settled(await wallet.writeContract({ address, abi, functionName: 'note', args: [61n, 'traced'] }));
    const { result } = await rpc('debug_traceTransaction', sent.transactionHash, { tracer: 'callTracer' });
    equal([result.type, result.from, result.to, BigInt(result.gasUsed)], ['CALL', account.address.toLowerCase(), address.toLowerCase(), sent.gasUsed]);
    equal(decodeFunctionResult({ abi, functionName: 'note', data: result.output }) > 0n, true, 'output');
  });
  await check('viem: the struct logger gives every step', async () => {
    const { result } = await rpc('debug_traceTransaction', sent.transactionHash, {});
    equal([result.failed, BigInt(result.gas)], [false, sent.gasUsed]);
    const steps = new Set(result.structLogs.map(step => step.op));
    truthy(steps.has('SSTORE') && steps.has('LOG3'), `steps ${[...steps]}`);
  });
  await check('viem: a call is traced without being sent', async () => {
    const data = encodeFunctionData({ abi, functionName: 'refuse' });
    const { result } = await rpc('debug_traceCall', { from: account.address, to: address, data }, 'latest', { tracer: 'callTracer' });
    equal(result.error, 'execution reverted');
  });
}

async function wire() {
  await check('viem: a batch is answered in order', async () => {
    const replies = await rpcBatch([{ method: 'eth_chainId', params: [] }, { method: 'eth_nonsense', params: [] }, { method: 'eth_blockNumber', params: [] }]);
    equal(replies.map(reply => reply.id), [0, 1, 2]);
    equal([replies[0].result, replies[1].error.code], ['0x7a69', -32601]);
  });
  await check('viem: a batch of one sender\'s transactions is worked in order', async () => {
    const sender = privateKeyToAccount(keys[4]);
    const nonce = await reader.getTransactionCount({ address: sender.address });
    const signed = await Promise.all(Array.from({ length: 10 }, (_, index) => sender.signTransaction({ type: 'legacy', chainId: 31337, nonce: nonce + index, to: stranger, gas: 21_000n, gasPrice: 2_000_000_000n })));
    const replies = await rpcBatch(signed.map(raw => ({ method: 'eth_sendRawTransaction', params: [raw] })));
    equal(replies.map(reply => reply.result), signed.map(raw => keccak256(raw)));
    for (const { result } of replies) equal((await settled(result)).status, 'success');
  });
  await check('viem: parameters that are none are refused with -32602', async () => equal((await rpc('eth_getBalance', 'nobody', 'latest')).error.code, -32602));
  await checkOurs('viem: every method of ours is offered', async () => {
    for (const method of OFFERED) truthy((await rpc(method)).error?.code !== -32601, method);
  });
  await checkOurs('viem: the test methods of other nodes are not offered', async () => {
    for (const method of ['evm_mine', 'evm_snapshot', 'anvil_setBalance', 'anvil_mine']) equal((await rpc(method)).error?.code, -32601, method);
  });
  await checkOurs('viem: a body that is no JSON is refused with -32700', async () => {
    const response = await fetch(nodeUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' });
    equal((await response.json()).error.code, -32700);
  });
}
