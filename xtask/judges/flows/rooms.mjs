// The flows of a wallet that knows only the standards: the currencies and tokens of the ledger's own rooms, which are no
// bytecode, through viem's stock ERC-20 and ERC-1155 ABIs and through ethers. Run by xtask/src/judges/flows.rs, against our
// node only. What the rooms have beyond the standards is used to prepare: a currency, its money, two items.
// viem pays and reads with the fourth to sixth development accounts, ethers with the seventh and eighth; the first governs.

import {
  createPublicClient, createWalletClient, http, defineChain, erc20Abi, erc1155Abi, getContract, parseAbi, parseEventLogs, pad, maxUint256,
  zeroAddress, parseSignature, domainSeparator, hashTypedData, recoverAddress, ContractFunctionRevertedError,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { Contract, JsonRpcProvider, Signature, TypedDataEncoder, Wallet, isError } from 'ethers';
import { check, equal, failure, finish, keys, nodeUrl, truthy } from './harness.mjs';

const factory = '0xc0f0110000000000000000000200000000000000';
const franc = '0xc0f0110000000000000000000200000000434846';
const room = '0xc0f0110000000000000000000300000000000000';

const chain = defineChain({ id: 31337, name: 'node', nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 }, rpcUrls: { default: { http: [nodeUrl] } } });
const reader = createPublicClient({ chain, transport: http(), pollingInterval: 20, cacheTime: 0 });
const walletOf = key => createWalletClient({ account: privateKeyToAccount(key), chain, transport: http() });
const [governor, payer, spender, receiver] = [keys[0], keys[3], keys[4], keys[5]].map(walletOf);
const stranger = '0x00000000000000000000000000000000005ca1ab';

// Beyond what viem brings: ERC-6093's errors of ERC-20, EIP-2612, EIP-5267, and what prepares.
const errors = parseAbi([
  'error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)',
  'error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)',
  'error ERC20InvalidReceiver(address receiver)',
  'error ERC2612ExpiredSignature(uint256 deadline)',
  'error ERC2612InvalidSigner(address signer, address owner)',
]);
const permitAbi = parseAbi([
  'function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)',
  'function nonces(address owner) view returns (uint256)',
  'function DOMAIN_SEPARATOR() view returns (bytes32)',
]);
const prepareAbi = parseAbi([
  'function create(string code, address issuer) returns (address currency)',
  'function mint(address to, uint256 amount, bytes32 referenceId)',
]);
const itemAbi = parseAbi([
  'struct Terms { uint8 kind; bytes32 attributesHash; uint64 units; uint64 unitsPerToken; bool interchangeable; bool redeemable; bool possessionIsOwnership; bool transferable; bool exists; uint64 presaleFrom; uint64 presaleUntil; uint64 redeemFrom; uint64 redeemUntil; address custodian; }',
  'function createItem(bytes32 identifier, Terms terms) returns (bytes32 item)',
  'function mint(bytes32 item, uint64 tokens) returns (uint256 firstId)',
]);
const permitTypes = { Permit: ['address owner', 'address spender', 'uint256 value', 'uint256 nonce', 'uint256 deadline'].map(field => field.split(' ')).map(([type, name]) => ({ type, name })) };

const settled = hash => reader.waitForTransactionReceipt({ hash, timeout: 10_000 });
const send = async (wallet, address, abi, functionName, args) => {
  const { request } = await reader.simulateContract({ account: wallet.account, address, abi, functionName, args });
  const receipt = await settled(await wallet.writeContract(request));
  equal(receipt.status, 'success', functionName);
  return receipt;
};
const refusal = async (wallet, address, abi, functionName, args) => {
  const error = await failure(() => reader.simulateContract({ account: wallet.account, address, abi, functionName, args }));
  const { data } = error.walk(cause => cause instanceof ContractFunctionRevertedError);
  return [data.errorName, ...data.args];
};

const money = await currency();
await transfers(money);
await permits(money);
const ids = await items();
await tokens(ids);
await throughEthers(ids);
finish();

async function currency() {
  return check('rooms: a currency is created, and viem\'s ERC-20 ABI reads it', async () => {
    await send(governor, factory, prepareAbi, 'create', ['CHF', governor.account.address]);
    for (const wallet of [payer, { account: privateKeyToAccount(keys[6]) }]) {
      await send(governor, franc, prepareAbi, 'mint', [wallet.account.address, 100_000n, pad('0x1')]);
    }
    const token = getContract({ address: franc, abi: erc20Abi, client: reader });
    equal([await token.read.name(), await token.read.symbol(), await token.read.decimals()], ['Swiss Franc', 'CHF', 2]);
    equal([await token.read.totalSupply(), await token.read.balanceOf([payer.account.address])], [200_000n, 100_000n]);
    return token;
  });
}

async function transfers(token) {
  const [from, to, by] = [payer, receiver, spender].map(wallet => wallet.account.address);
  await check('rooms: viem transfers, and the Transfer event decodes', async () => {
    const receipt = await send(payer, franc, erc20Abi, 'transfer', [to, 250n]);
    const logs = parseEventLogs({ abi: erc20Abi, logs: receipt.logs });
    equal(logs.map(log => [log.address.toLowerCase(), log.eventName, log.args]), [[franc, 'Transfer', { from, to, value: 250n }]]);
    equal([await token.read.balanceOf([to]), await token.read.balanceOf([from])], [250n, 99_750n]);
  });
  await check('rooms: viem finds the transfer by its indexed receiver', async () => {
    const found = await token.getEvents.Transfer({ to }, { fromBlock: 0n });
    equal(found.map(log => log.args.value), [250n]);
  });
  await check('rooms: viem approves, and the spender transfers what was approved', async () => {
    const approval = await send(payer, franc, erc20Abi, 'approve', [by, 400n]);
    equal(parseEventLogs({ abi: erc20Abi, logs: approval.logs }).map(log => [log.eventName, log.args]), [['Approval', { owner: from, spender: by, value: 400n }]]);
    await send(spender, franc, erc20Abi, 'transferFrom', [from, to, 300n]);
    equal([await token.read.allowance([from, by]), await token.read.balanceOf([to])], [100n, 550n]);
  });
  await check('rooms: the errors of ERC-6093 decode with their arguments', async () => {
    const abi = [...erc20Abi, ...errors];
    equal(await refusal(spender, franc, abi, 'transferFrom', [from, to, 101n]), ['ERC20InsufficientAllowance', by, 100n, 101n]);
    equal(await refusal(receiver, franc, abi, 'transfer', [from, 551n]), ['ERC20InsufficientBalance', to, 550n, 551n]);
    equal(await refusal(payer, franc, abi, 'transfer', [zeroAddress, 1n]), ['ERC20InvalidReceiver', zeroAddress]);
  });
  await check('rooms: an estimate of a transfer is enough', async () => {
    const gas = await reader.estimateContractGas({ account: payer.account, address: franc, abi: erc20Abi, functionName: 'transfer', args: [stranger, 1n] });
    const receipt = await settled(await payer.writeContract({ address: franc, abi: erc20Abi, functionName: 'transfer', args: [stranger, 1n], gas }));
    equal([receipt.status, receipt.gasUsed <= gas], ['success', true]);
  });
}

async function permits(token) {
  const [owner, by] = [payer.account.address, spender.account.address];
  const abi = [...permitAbi, ...errors];
  const read = (functionName, args = []) => reader.readContract({ address: franc, abi: permitAbi, functionName, args });
  const domain = await check('rooms: viem reads the EIP-712 domain (EIP-5267)', async () => {
    const { domain } = await reader.getEip712Domain({ address: franc });
    equal([domain.name, domain.version, domain.chainId, domain.verifyingContract.toLowerCase()], ['Swiss Franc', '1', 31337, franc]);
    equal(await read('DOMAIN_SEPARATOR'), domainSeparator({ domain: { ...domain, salt: undefined } }), 'separator');
    return { ...domain, salt: undefined };
  });
  const signed = async (terms, signer = payer) => {
    const message = { owner, spender: by, nonce: await read('nonces', [owner]), deadline: maxUint256, ...terms };
    const typed = { domain, types: permitTypes, primaryType: 'Permit', message };
    const signature = await signer.signTypedData(typed);
    equal(await recoverAddress({ hash: hashTypedData(typed), signature }), signer.account.address, 'signer');
    const { r, s, v } = parseSignature(signature);
    return [message.owner, message.spender, message.value, message.deadline, Number(v), r, s];
  };
  await check('rooms: a permit signed by viem (EIP-2612) is an allowance, once', async () => {
    const args = await signed({ value: 777n });
    const receipt = await send(receiver, franc, permitAbi, 'permit', args);
    equal(parseEventLogs({ abi: erc20Abi, logs: receipt.logs }).map(log => log.args), [{ owner, spender: by, value: 777n }]);
    equal([await token.read.allowance([owner, by]), await read('nonces', [owner])], [777n, 1n]);
    equal((await refusal(receiver, franc, abi, 'permit', args))[0], 'ERC2612InvalidSigner', 'again');
    await send(spender, franc, erc20Abi, 'transferFrom', [owner, by, 777n]);
  });
  await check('rooms: a permit past its deadline, and one by another key, are refused by name', async () => {
    equal(await refusal(receiver, franc, abi, 'permit', await signed({ value: 1n, deadline: 1n })), ['ERC2612ExpiredSignature', 1n]);
    equal(await refusal(receiver, franc, abi, 'permit', await signed({ value: 1n }, spender)), ['ERC2612InvalidSigner', by, owner]);
  });
}

async function items() {
  return check('rooms: an item of interchangeable tokens and one of single tokens are made', async () => {
    const made = [];
    for (const [number, interchangeable] of [['0x1', true], ['0x2', false]]) {
      const terms = {
        kind: 3, attributesHash: pad('0xa7'), units: 100n, unitsPerToken: 1n, interchangeable, redeemable: true, possessionIsOwnership: true, transferable: true,
        exists: true, presaleFrom: 0n, presaleUntil: 0n, redeemFrom: 0n, redeemUntil: 0n, custodian: zeroAddress,
      };
      const { result: item } = await reader.simulateContract({ account: payer.account, address: room, abi: itemAbi, functionName: 'createItem', args: [pad(number), terms] });
      await send(payer, room, itemAbi, 'createItem', [pad(number), terms]);
      const { result: id } = await reader.simulateContract({ account: payer.account, address: room, abi: itemAbi, functionName: 'mint', args: [item, 2n] });
      const receipt = await send(payer, room, itemAbi, 'mint', [item, 2n]);
      const [transfer] = parseEventLogs({ abi: erc1155Abi, logs: receipt.logs });
      equal([transfer.args.from, transfer.args.to], [zeroAddress, payer.account.address], 'minted');
      equal(transfer.eventName, interchangeable ? 'TransferSingle' : 'TransferBatch');
      made.push(id);
    }
    return made;
  });
}

async function tokens([milk, bottle]) {
  const token = getContract({ address: room, abi: erc1155Abi, client: reader });
  const [from, to, by] = [payer, receiver, spender].map(wallet => wallet.account.address);
  await check('rooms: viem\'s ERC-1155 ABI reads balances, one and many, the uri and the interfaces', async () => {
    equal([await token.read.balanceOf([from, milk]), await token.read.balanceOf([from, bottle])], [2n, 1n]);
    equal(await token.read.balanceOfBatch([[from, to, from], [milk, milk, bottle]]), [2n, 0n, 1n]);
    truthy((await token.read.uri([milk])).includes('{id}'), 'uri');
    equal(await Promise.all(['0x01ffc9a7', '0xd9b67a26', '0x0e89341c', '0xffffffff'].map(id => token.read.supportsInterface([id]))), [true, true, true, false]);
  });
  await check('rooms: viem transfers a token, and TransferSingle decodes', async () => {
    const receipt = await send(payer, room, erc1155Abi, 'safeTransferFrom', [from, to, milk, 1n, '0x']);
    equal(parseEventLogs({ abi: erc1155Abi, logs: receipt.logs }).map(log => [log.eventName, log.args]), [['TransferSingle', { operator: from, from, to, id: milk, value: 1n }]]);
    equal(await token.read.balanceOfBatch([[from, to], [milk, milk]]), [1n, 1n]);
  });
  await check('rooms: an operator transfers a batch, and TransferBatch decodes', async () => {
    equal(await refusal(spender, room, erc1155Abi, 'safeTransferFrom', [from, to, milk, 1n, '0x']), ['ERC1155MissingApprovalForAll', by, from]);
    const approval = await send(payer, room, erc1155Abi, 'setApprovalForAll', [by, true]);
    equal(parseEventLogs({ abi: erc1155Abi, logs: approval.logs }).map(log => [log.eventName, log.args]), [['ApprovalForAll', { account: from, operator: by, approved: true }]]);
    equal(await token.read.isApprovedForAll([from, by]), true);
    const receipt = await send(spender, room, erc1155Abi, 'safeBatchTransferFrom', [from, to, [milk, bottle], [1n, 1n], '0x']);
    const [log] = parseEventLogs({ abi: erc1155Abi, logs: receipt.logs });
    equal([log.eventName, log.args], ['TransferBatch', { operator: by, from, to, ids: [milk, bottle], values: [1n, 1n] }]);
    equal(await token.read.balanceOfBatch([[from, to, from, to], [milk, milk, bottle, bottle]]), [0n, 2n, 0n, 1n]);
  });
  await check('rooms: the errors of ERC-1155 decode with their arguments', async () => {
    equal(await refusal(payer, room, erc1155Abi, 'safeTransferFrom', [from, to, milk, 1n, '0x']), ['ERC1155InsufficientBalance', from, 0n, 1n, milk]);
    equal(await refusal(receiver, room, erc1155Abi, 'safeTransferFrom', [to, zeroAddress, milk, 1n, '0x']), ['ERC1155InvalidReceiver', zeroAddress]);
    equal(await refusal(receiver, room, erc1155Abi, 'safeBatchTransferFrom', [to, from, [milk], [], '0x']), ['ERC1155InvalidArrayLength', 1n, 0n]);
  });
}

async function throughEthers([, bottle]) {
  const provider = new JsonRpcProvider(nodeUrl, undefined, { cacheTimeout: -1, pollingInterval: 20 });
  const [owner, by, last] = [keys[6], keys[7], keys[5]].map(key => new Wallet(key, provider));
  const done = async sent => (await sent).wait(1, 10_000);
  const names = receipt => receipt.logs.map(log => [log.eventName, ...log.args]);
  const money = new Contract(franc, [
    'function name() view returns (string)', 'function balanceOf(address) view returns (uint256)', 'function allowance(address, address) view returns (uint256)',
    'function transfer(address, uint256) returns (bool)', 'function approve(address, uint256) returns (bool)', 'function transferFrom(address, address, uint256) returns (bool)',
    'function permit(address, address, uint256, uint256, uint8, bytes32, bytes32)', 'function nonces(address) view returns (uint256)', 'function DOMAIN_SEPARATOR() view returns (bytes32)',
    'function eip712Domain() view returns (bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)',
    'event Transfer(address indexed from, address indexed to, uint256 value)', 'event Approval(address indexed owner, address indexed spender, uint256 value)',
    'error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)',
  ], owner);
  await check('rooms: ethers transfers, approves and transfers by approval, and the events decode', async () => {
    equal(names(await done(money.transfer(by.address, 10n))), [['Transfer', owner.address, by.address, 10n]]);
    equal(names(await done(money.approve(by.address, 30n))), [['Approval', owner.address, by.address, 30n]]);
    await done(money.connect(by).transferFrom(owner.address, by.address, 20n));
    equal([await money.name(), await money.balanceOf(by.address), await money.allowance(owner.address, by.address)], ['Swiss Franc', 30n, 10n]);
  });
  await check('rooms: ethers decodes the error of a transfer that is too large', async () => {
    const error = await failure(() => money.connect(by).transfer.staticCall(owner.address, 31n));
    truthy(isError(error, 'CALL_EXCEPTION'), error.code);
    equal([error.revert.name, ...error.revert.args], ['ERC20InsufficientBalance', by.address, 30n, 31n]);
  });
  await check('rooms: a permit signed by ethers over the domain that the currency tells', async () => {
    const { name, version, chainId, verifyingContract } = await money.eip712Domain();
    const domain = { name, version, chainId, verifyingContract };
    equal(await money.DOMAIN_SEPARATOR(), TypedDataEncoder.hashDomain(domain), 'separator');
    const terms = { owner: owner.address, spender: by.address, value: 55n, nonce: await money.nonces(owner.address), deadline: 2n ** 255n };
    const { v, r, s } = Signature.from(await owner.signTypedData(domain, permitTypes, terms));
    equal(names(await done(money.connect(by).permit(terms.owner, terms.spender, terms.value, terms.deadline, v, r, s))), [['Approval', owner.address, by.address, 55n]]);
    equal(await money.allowance(owner.address, by.address), 55n);
  });
  const items = new Contract(room, [
    'function balanceOf(address, uint256) view returns (uint256)', 'function balanceOfBatch(address[], uint256[]) view returns (uint256[])', 'function uri(uint256) view returns (string)',
    'function safeTransferFrom(address, address, uint256, uint256, bytes)', 'event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value)',
    'error ERC1155InsufficientBalance(address sender, uint256 balance, uint256 needed, uint256 tokenId)',
  ], last);
  await check('rooms: ethers moves a token by ERC-1155', async () => {
    equal(names(await done(items.safeTransferFrom(last.address, by.address, bottle, 1n, '0x'))), [['TransferSingle', last.address, last.address, by.address, bottle, 1n]]);
    equal([...await items.balanceOfBatch([last.address, by.address], [bottle, bottle])], [0n, 1n]);
    const error = await failure(() => items.safeTransferFrom.staticCall(last.address, by.address, bottle, 1n, '0x'));
    equal([error.revert.name, ...error.revert.args], ['ERC1155InsufficientBalance', last.address, 0n, 1n, bottle]);
  });
}
