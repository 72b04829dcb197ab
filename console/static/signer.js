// Who signs: the browser's wallet (EIP-1193), or the unlocked accounts of a development node. Fills the box `#signer` of a page.

// An action is a call or two; more would be a node that keeps asking for signatures.
const MOST_CALLS = 4;
const BLOCK_MS = 120_000;
const POLL_MS = 150;

let counted = 0;

/** One JSON-RPC call to the node that served this page. */
export const rpc = async (method, params = []) => {
  counted += 1;
  const body = JSON.stringify({ jsonrpc: '2.0', id: counted, method, params });
  const answer = await fetch('/', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const { result, error } = await answer.json();
  if (error) throw new Error(error.message);
  return result;
};

const ask = (method, params = []) => window.ethereum.request({ method, params });

const box = () => ({
  all: document.getElementById('signer'),
  account: document.getElementById('account'),
  connect: document.getElementById('connect'),
  note: document.getElementById('signer-note'),
});

const offer = (accounts) => {
  const { account } = box();
  const options = accounts.map((address) => new Option(address, address));
  account.replaceChildren(...options);
};

/** Shows whose accounts can sign. Resolves once that is known. */
export const prepare = async () => {
  const { all, account, connect, note } = box();
  all.hidden = false;
  if (window.ethereum) {
    offer(await ask('eth_accounts'));
    connect.hidden = account.options.length > 0;
    account.hidden = !connect.hidden;
    connect.addEventListener('click', async () => {
      offer(await ask('eth_requestAccounts'));
      connect.hidden = true;
      account.hidden = false;
    });
    note.textContent = 'Your wallet signs.';
    return;
  }
  const accounts = await rpc('eth_accounts').catch(() => []);
  offer(accounts);
  account.hidden = accounts.length === 0;
  note.textContent = accounts.length > 0
    ? 'The node signs: these are its development accounts.'
    : 'This browser has no wallet, and the node signs for nobody.';
};

/** The account that was chosen, on the chain of this page. */
export const chosen = async (chain) => {
  const { account } = box();
  if (!account.value) throw new Error('connect a wallet first');
  if (!window.ethereum) return account.value;
  const wanted = `0x${Number(chain).toString(16)}`;
  if (await ask('eth_chainId') !== wanted) await ask('wallet_switchEthereumChain', [{ chainId: wanted }]);
  return account.value;
};

/** Prefers an account where it can sign. */
export const prefer = (address) => {
  const { account } = box();
  const known = [...account.options].find((option) => option.value.toLowerCase() === address.toLowerCase());
  if (known) account.value = known.value;
};

/** What the ledger would refuse, in its words; nothing was signed for it. */
export class Refusal extends Error {}

/** The calls that an action still needs. */
const needed = async (fields) => {
  const answer = await fetch(`/token/call?${new URLSearchParams([...fields, ['format', 'json']])}`);
  const { steps, problem } = await answer.json();
  if (problem) throw new Refusal(problem);
  return steps;
};

const receipt = async (hash) => {
  const end = Date.now() + BLOCK_MS;
  while (Date.now() < end) {
    const found = await rpc('eth_getTransactionReceipt', [hash]);
    if (found) return found;
    await new Promise((done) => { setTimeout(done, POLL_MS); });
  }
  throw new Error(`no block holds transaction ${hash} yet`);
};

const sign = async (from, { to, data }) => {
  const transaction = { from, to, data };
  return window.ethereum ? ask('eth_sendTransaction', [transaction]) : rpc('eth_sendTransaction', [transaction]);
};

/** Does an action to its end, call by call; `say` is told where it stands. Resolves to the hash of the last transaction. */
export const act = async (fields, from, say) => {
  const all = [...fields].filter(([name]) => name !== 'from').concat([['from', from]]);
  for (let signed = 0; signed < MOST_CALLS; signed += 1) {
    const steps = await needed(all);
    say(`${steps[0].what}: waiting for a signature`);
    const hash = await sign(from, steps[0]);
    say(`${steps[0].what}: waiting for a block`);
    const { status } = await receipt(hash);
    if (status !== '0x1') throw new Error(`${steps[0].what}: the transaction failed`);
    if (steps.length === 1) return hash;
  }
  throw new Error('the node asks for more calls than any action has');
};
