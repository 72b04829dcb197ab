// Drives a headless Chromium by its DevTools protocol over two pipes (`--remote-debugging-pipe`): no port, no WebSocket.

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const LOAD_MS = 60_000;
const POLL_MS = 50;
const TALLEST_PICTURE = 6_000;

export const pause = ms => new Promise(done => setTimeout(done, ms));

/** A running browser. */
export class Browser {
  #process;
  #sent = 0;
  #waiting = new Map();
  #listeners = new Set();

  /** `folder` is for its profile and is empty. */
  constructor(program, folder) {
    const sandbox = process.getuid() === 0 ? ['--no-sandbox'] : [];
    const words = ['--headless=new', '--remote-debugging-pipe', `--user-data-dir=${folder}`, '--no-first-run', '--disable-gpu', '--hide-scrollbars', '--disable-dev-shm-usage', '--disable-background-networking', ...sandbox, 'about:blank'];
    this.#process = spawn(program, words, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    let text = '';
    this.#process.stdio[4].setEncoding('utf8').on('data', (piece) => {
      text += piece;
      const messages = text.split('\0');
      text = messages.pop();
      for (const message of messages) this.#take(JSON.parse(message));
    });
  }

  #take(message) {
    if (message.id === undefined) {
      for (const listener of this.#listeners) listener(message);
      return;
    }
    const { done, failed } = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) failed(new Error(message.error.message));
    else done(message.result);
  }

  send(method, params = {}, sessionId = undefined) {
    this.#sent += 1;
    const id = this.#sent;
    this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((done, failed) => { this.#waiting.set(id, { done, failed }); });
  }

  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A new tab. */
  async tab() {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const tab = new Tab(this, sessionId);
    await tab.open();
    return tab;
  }

  async close() {
    const ended = new Promise(done => this.#process.once('exit', done));
    await this.send('Browser.close').catch(() => {});
    await Promise.race([ended, pause(10_000)]);
    this.#process.kill('SIGKILL');
  }
}

/** A tab, and everything that went wrong in it. */
export class Tab {
  /** What the console and the browser complained of since `complaints` was emptied. */
  complaints = [];
  #browser;
  #session;
  #loads = 0;

  constructor(browser, session) {
    this.#browser = browser;
    this.#session = session;
  }

  send(method, params = {}) {
    return this.#browser.send(method, params, this.#session);
  }

  async open() {
    this.#browser.listen(({ method, params, sessionId }) => {
      if (sessionId === this.#session) this.#hear(method, params);
    });
    for (const domain of ['Page', 'Runtime', 'Log', 'Audits', 'DOM']) await this.send(`${domain}.enable`);
  }

  #hear(method, params) {
    if (method === 'Page.loadEventFired') this.#loads += 1;
    if (method === 'Runtime.exceptionThrown') this.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === 'Runtime.consoleAPICalled' && ['error', 'warning', 'assert'].includes(params.type)) this.complaints.push(params.args.map(value => value.value ?? value.description).join(' '));
    if (method === 'Log.entryAdded' && ['error', 'warning'].includes(params.entry.level)) this.complaints.push(`${params.entry.text} ${params.entry.url ?? ''}`);
    if (method === 'Audits.issueAdded' && params.issue.code === 'ContentSecurityPolicyIssue') this.complaints.push(`CSP: ${JSON.stringify(params.issue.details)}`);
  }

  /** Runs `act` and waits until a page has loaded. */
  async loading(act) {
    const before = this.#loads;
    await act();
    await this.#until(() => this.#loads > before, 'a page loads');
  }

  async visit(url) {
    await this.loading(async () => {
      const { errorText } = await this.send('Page.navigate', { url });
      if (errorText) throw new Error(`${url}: ${errorText}`);
    });
  }

  /** The value of an expression; promises are awaited. */
  async get(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until an expression is true; navigation on the way is no failure. */
  async until(expression, what = expression) {
    await this.#until(async () => this.get(expression).catch(() => false), what);
  }

  async #until(isTrue, what) {
    const end = Date.now() + LOAD_MS;
    while (!(await isTrue())) {
      if (Date.now() > end) throw new Error(`waited in vain: ${what}; ${await this.get('document.body.innerText').catch(() => '')}`);
      await pause(POLL_MS);
    }
  }

  width(width) {
    return this.send('Emulation.setDeviceMetricsOverride', { width, height: 800, deviceScaleFactor: 1, mobile: false });
  }

  scripts(isOn) {
    return this.send('Emulation.setScriptExecutionDisabled', { value: !isOn });
  }

  /** Types into a field as a person would, as far as forms can tell. */
  fill(selector, text) {
    return this.get(`(() => { const field = document.querySelector(${JSON.stringify(selector)}); field.value = ${JSON.stringify(text)}; field.dispatchEvent(new Event('input', { bubbles: true })); field.dispatchEvent(new Event('change', { bubbles: true })); })()`);
  }

  /** Clicks where the element is, as a mouse does: no script of the page is needed for it. */
  async click(selector) {
    const { root } = await this.send('DOM.getDocument');
    const { nodeId } = await this.send('DOM.querySelector', { nodeId: root.nodeId, selector });
    if (!nodeId) throw new Error(`no ${selector}`);
    await this.send('DOM.scrollIntoViewIfNeeded', { nodeId });
    const { quads: [[left, top, , , right, bottom]] } = await this.send('DOM.getContentQuads', { nodeId });
    const place = { x: (left + right) / 2, y: (top + bottom) / 2, button: 'left', clickCount: 1 };
    await this.send('Input.dispatchMouseEvent', { type: 'mousePressed', ...place });
    await this.send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...place });
  }

  /** A key, as a keyboard sends it to what has the focus. */
  async press(key) {
    const text = key === 'Enter' ? { text: '\r' } : {};
    const code = { key, code: key, windowsVirtualKeyCode: { Tab: 9, Enter: 13 }[key] };
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', ...code, ...text });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...code });
  }

  async choose(selector, file) {
    const { root } = await this.send('DOM.getDocument');
    const { nodeId } = await this.send('DOM.querySelector', { nodeId: root.nodeId, selector });
    await this.send('DOM.setFileInputFiles', { nodeId, files: [file] });
  }

  /** The whole page as a picture. */
  async picture(file) {
    const { cssContentSize: { width, height } } = await this.send('Page.getLayoutMetrics');
    const clip = { x: 0, y: 0, width, height: Math.min(height, TALLEST_PICTURE), scale: 1 };
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', clip, captureBeyondViewport: true });
    writeFileSync(file, Buffer.from(data, 'base64'));
  }
}
