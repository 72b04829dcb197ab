// Keeps the first page at the head: one server-sent event a block. Without it the page shows what it was made with.

const LATEST = 15;

const head = document.getElementById('head');
const rows = document.getElementById('blocks');
const live = document.getElementById('live');

// The label stands before the value where the screen is too narrow for columns.
const cell = (label, kind, child) => {
  const made = document.createElement('td');
  made.dataset.label = label;
  if (kind) made.className = kind;
  made.append(child);
  return made;
};

const link = (number) => {
  const made = document.createElement('a');
  made.href = `/block/${number}`;
  made.textContent = number;
  return made;
};

const moment = (block) => {
  const made = document.createElement('time');
  made.dateTime = block.time;
  made.textContent = block.shownTime;
  return made;
};

const shortened = (hash) => `${hash.slice(0, 8)}…${hash.slice(-6)}`;

const row = (block) => {
  const made = document.createElement('tr');
  const hash = cell('Hash', 'code', shortened(block.hash));
  hash.title = block.hash;
  made.className = 'new';
  made.append(
    cell('Height', 'num', link(block.number)),
    cell('Time', '', moment(block)),
    cell('Transactions', 'num', block.transactions),
    cell('Gas used', 'num', block.gasUsed),
    hash,
  );
  return made;
};

const showHead = (block) => {
  const number = document.getElementById('head-number');
  number.textContent = block.number;
  number.href = `/block/${block.number}`;
  const time = document.getElementById('head-time');
  time.dateTime = block.time;
  time.textContent = block.shownTime;
  document.getElementById('head-transactions').textContent = block.transactions;
  document.getElementById('head-hash').textContent = block.hash;
  head.dataset.number = block.number;
};

const say = (state, words) => {
  live.hidden = false;
  live.dataset.state = state;
  live.textContent = words;
};

// Blocks may come faster than the screen is drawn: they are shown once a frame, and only as many as have a row.
let coming = [];
let isDrawing = false;

const draw = () => {
  isDrawing = false;
  const blocks = coming;
  coming = [];
  for (const block of blocks) rows.prepend(row(block));
  while (rows.rows.length > LATEST) rows.deleteRow(-1);
  showHead(blocks.at(-1));
};

const take = (event) => {
  const block = JSON.parse(event.data);
  const newest = coming.at(-1)?.number ?? Number(head.dataset.number);
  if (block.number <= newest) return;
  coming = [...coming, block].slice(-LATEST);
  if (!isDrawing) requestAnimationFrame(draw);
  isDrawing = true;
};

say('waiting', 'Connecting');
const source = new EventSource(`/live?after=${head.dataset.number}`);
source.addEventListener('open', () => say('open', 'Live'));
source.addEventListener('error', () => say('waiting', 'Reconnecting'));
source.addEventListener('head', take);
