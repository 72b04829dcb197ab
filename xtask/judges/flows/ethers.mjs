// The flows of an ethers user: deploy, call, send, read and watch events, decode failures, sign, delegate.
// Run by xtask/src/judges/flows.rs. ethers encodes, signs and decodes with code of its own, so it judges what viem
// judges by other eyes; what is particular to viem (simulation, overrides, proofs) is not repeated here.

import { Contract, ContractFactory, JsonRpcProvider, Transaction, Wallet, WebSocketProvider, ZeroAddress, concat, getAddress, getCreateAddress, isError, parseEther, toBeHex, verifyMessage, verifyTypedData } from 'ethers';
import { check, checkOurs, contract, equal, failure, finish, firstOf, keys, nodeUrl, truthy, webSocketUrl } from './harness.mjs';

// No cache and a short poll: the ledger makes a block within milliseconds.
const provider = new JsonRpcProvider(nodeUrl, undefined, { cacheTimeout: -1, pollingInterval: 20 });
const wallet = new Wallet(keys[5], provider);
const authority = new Wallet(keys[6], provider);
const unlockedIndex = 7;
const stranger = getAddress('0x00000000000000000000000000000000005ca1ab');

const noted = await deployment();
await transactions();
await contractCalls(noted);
await events(noted);
await failures(noted);
await signing();
await delegation(noted);
finish();

async function deployment() {
  return check('ethers: deploy a contract', async () => {
    const nonce = await wallet.getNonce();
    const deployed = await new ContractFactory(contract.abi, contract.bytecode, wallet).deploy(3n, { value: 1n });
    await deployed.waitForDeployment();
    equal(await deployed.getAddress(), getCreateAddress({ from: wallet.address, nonce }), 'address');
    equal(await provider.getBalance(deployed), 1n, 'balance');
    return deployed;
  });
}

async function transactions() {
  await check('ethers: the network is the development chain', async () => equal((await provider.getNetwork()).chainId, 31337n));
  for (const [type, fields] of [[0, { gasPrice: 2_000_000_000n }], [1, { gasPrice: 2_000_000_000n, accessList: [{ address: stranger, storageKeys: [] }] }], [2, {}]]) {
    await check(`ethers: send a transaction of type ${type}`, async () => {
      const sent = await wallet.sendTransaction({ to: stranger, value: 2n, type, ...fields });
      const receipt = await sent.wait(1, 10_000);
      equal([receipt.status, receipt.type, receipt.from, receipt.to], [1, type, wallet.address, stranger]);
      const mined = await provider.getTransaction(sent.hash);
      equal([mined.hash, mined.value, mined.type, mined.signature.serialized], [sent.hash, 2n, type, sent.signature.serialized]);
    });
  }
  await check('ethers: an unlocked account sends through the node', async () => {
    const signer = await provider.getSigner(unlockedIndex);
    const receipt = await (await signer.sendTransaction({ to: stranger, value: 1n })).wait(1, 10_000);
    equal([receipt.status, receipt.from], [1, signer.address]);
  });
  await checkOurs('ethers: a price of zero is accepted', async () => {
    const sent = await wallet.sendTransaction({ to: stranger, type: 2, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n });
    equal((await sent.wait(1, 10_000)).gasPrice, 0n);
  });
  await check('ethers: fee data', async () => {
    const { gasPrice, maxFeePerGas, maxPriorityFeePerGas } = await provider.getFeeData();
    truthy(gasPrice >= 0n && maxFeePerGas >= maxPriorityFeePerGas, 'fees');
  });
  await check('ethers: a block with its transactions', async () => {
    const receipt = await (await wallet.sendTransaction({ to: stranger, value: 1n })).wait(1, 10_000);
    const block = await provider.getBlock(receipt.blockNumber, true);
    equal(block.hash, receipt.blockHash);
    equal(block.prefetchedTransactions[receipt.index].hash, receipt.hash);
    equal((await provider.getBlock(receipt.blockHash)).number, receipt.blockNumber);
  });
  await check('ethers: the state of earlier blocks', async () => {
    const receipt = await (await wallet.sendTransaction({ to: stranger, value: 5n })).wait(1, 10_000);
    const [before, after] = [await provider.getBalance(stranger, receipt.blockNumber - 1), await provider.getBalance(stranger, receipt.blockNumber)];
    equal(after - before, 5n);
  });
}

async function contractCalls(deployed) {
  await check('ethers: read, simulate, estimate, write', async () => {
    equal(await deployed.count(), 3n);
    equal(await deployed.note.staticCall(1n, 'dry'), 4n, 'simulated');
    truthy(await deployed.note.estimateGas(1n, 'dry') > 21_000n, 'estimate');
    equal((await (await deployed.note(1n, 'wet')).wait(1, 10_000)).status, 1);
    equal([await deployed.count(), await deployed.numberOf(wallet.address)], [4n, 1n], 'written');
  });
}

async function events(deployed) {
  await check('ethers: a receipt\'s events decode', async () => {
    const receipt = await (await deployed.note(2n, 'decoded')).wait(1, 10_000);
    equal(receipt.logs.map(log => [log.eventName, ...log.args]), [['Note', wallet.address, 2n, 'decoded']]);
  });
  await check('ethers: events are found by an indexed argument', async () => {
    const found = await deployed.queryFilter(deployed.filters.Note(null, 2n), 0);
    equal(found.map(event => event.args.text), ['decoded']);
  });
  const socket = new WebSocketProvider(webSocketUrl);
  await check('ethers: blocks over WebSocket', async () => {
    let receipt;
    const number = await firstOf(
      async found => { await socket.on('block', found); await socket.getBlockNumber(); return () => socket.off('block'); },
      async () => { receipt = await (await wallet.sendTransaction({ to: stranger, value: 1n })).wait(1, 10_000); },
    );
    truthy(number >= receipt.blockNumber - 1, 'number');
  });
  await check('ethers: events over WebSocket', async () => {
    const watched = new Contract(await deployed.getAddress(), contract.abi, socket);
    const seen = await firstOf(
      async found => { await watched.on('Note', (who, number, text) => found([who, number, text])); await socket.getBlockNumber(); return () => watched.off('Note'); },
      async () => { await (await deployed.note(3n, 'watched')).wait(1, 10_000); },
    );
    equal(seen, [wallet.address, 3n, 'watched']);
  });
  await check('ethers: events by polling a filter', async () => {
    const seen = await firstOf(
      async found => { await deployed.on('Note', (who, number) => found(number)); await provider.getBlockNumber(); return () => deployed.off('Note'); },
      async () => { await (await deployed.note(4n, 'polled')).wait(1, 10_000); },
    );
    truthy(seen === 3n || seen === 4n, 'number');
  });
}

async function failures(deployed) {
  await check('ethers: a custom error is decoded with its arguments', async () => {
    const error = await failure(() => deployed.take.staticCall(1_000n));
    truthy(isError(error, 'CALL_EXCEPTION'), error.code);
    equal([error.revert.name, ...error.revert.args], ['Insufficient', wallet.address, 4n, 1_000n]);
  });
  await check('ethers: a reason in words', async () => equal((await failure(() => deployed.refuse())).reason, 'refused in words'));
  await check('ethers: a panic with its code', async () => equal((await failure(() => deployed.divide(0n))).revert.args.map(BigInt), [18n]));
  await check('ethers: an estimate of a reverting call gives the revert', async () => {
    const error = await failure(() => deployed.take.estimateGas(1_000n));
    equal(deployed.interface.parseError(error.data).name, 'Insufficient');
  });
  await check('ethers: a transaction that reverts is mined, and waiting for it fails', async () => {
    const sent = await deployed.refuse.populateTransaction().then(request => wallet.sendTransaction({ ...request, gasLimit: 100_000n }));
    const error = await failure(() => sent.wait(1, 10_000));
    equal([error.code, error.receipt.status], ['CALL_EXCEPTION', 0]);
  });
  const refused = async (fields, code) => {
    const error = await failure(() => wallet.sendTransaction({ to: stranger, gasLimit: 21_000n, ...fields }));
    equal(error.code, code, error.message);
  };
  await check('ethers: a used nonce is recognized', () => refused({ nonce: 0 }, 'NONCE_EXPIRED'));
  await check('ethers: insufficient funds are recognized', () => refused({ value: parseEther('100000000') }, 'INSUFFICIENT_FUNDS'));
  await check('ethers: nothing is known of an unknown transaction', async () => {
    const unknown = toBeHex(1, 32);
    equal([await provider.getTransaction(unknown), await provider.getTransactionReceipt(unknown)], [null, null]);
  });
}

async function signing() {
  const domain = { name: 'Counterfoil', version: '1', chainId: 31337, verifyingContract: stranger };
  const types = { Holder: [{ name: 'who', type: 'address' }], Right: [{ name: 'holders', type: 'Holder[]' }, { name: 'id', type: 'bytes32' }, { name: 'share', type: 'int64' }] };
  const value = { holders: [{ who: stranger }], id: toBeHex(9, 32), share: -5 };
  await check('ethers: the node signs typed data (EIP-712) as the key would', async () => {
    const signer = await provider.getSigner(unlockedIndex);
    const signature = await signer.signTypedData(domain, types, value);
    equal(verifyTypedData(domain, types, value, signature), signer.address);
    equal(signature, await new Wallet(keys[unlockedIndex]).signTypedData(domain, types, value), 'deterministic signature');
  });
  await check('ethers: the node signs a message as the key would', async () => {
    const signer = await provider.getSigner(unlockedIndex);
    const signature = await signer._legacySignMessage('hello');
    equal(verifyMessage('hello', signature), signer.address);
  });
}

async function delegation(deployed) {
  const delegate = async (address, fields) => {
    const authorization = await authority.authorize({ address, ...fields });
    return (await wallet.sendTransaction({ type: 4, to: authority.address, authorizationList: [authorization] })).wait(1, 10_000);
  };
  await check('ethers: an account delegates its code (EIP-7702) and clears it', async () => {
    const target = await deployed.getAddress();
    equal((await delegate(target)).type, 4);
    equal(await provider.getCode(authority.address), concat(['0xef0100', target]).toLowerCase(), 'code');
    const delegated = new Contract(authority.address, contract.abi, wallet);
    equal((await (await delegated.note(1n, 'delegated')).wait(1, 10_000)).status, 1);
    equal(await delegated.count(), 1n, 'its own storage');
    equal((await delegate(ZeroAddress)).status, 1);
    equal(await provider.getCode(authority.address), '0x', 'code');
  });
  await check('ethers: a type 4 transaction is read back as it was signed', async () => {
    const authorization = await authority.authorize({ address: stranger });
    const sent = await wallet.sendTransaction({ type: 4, to: stranger, authorizationList: [authorization] });
    await sent.wait(1, 10_000);
    const mined = await provider.getTransaction(sent.hash);
    equal(Transaction.from(mined).hash, sent.hash);
  });
}
