// A host to look at: the fake daemon, the real agent before it, and between them a proxy by which a test holds a call
// of the agent until it has seen what it wants to see. Only Node's own library.
'use strict';
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');

const PATIENCE = 60000;  // milliseconds for what takes a few hundred

async function until(what, condition) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${PATIENCE / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// {status, body}; 0 when there is no answer.
function ask(target, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((resolve) => {
    const request = http.request({ ...target, method, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part) => { text += part; });
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: text }));
      answer.on('error', () => resolve({ status: 0, headers: {}, body: '' }));
    });
    request.on('error', () => resolve({ status: 0, headers: {}, body: '' }));
    request.end(body);
  });
}

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// From the agent's socket to the daemon's. `hold(method, pattern)` stops such requests before the daemon sees them.
class Proxy {
  constructor(from, to) {
    this.to = to;
    this.holds = [];
    this.server = http.createServer((request, response) => this.pass(request, response));
    this.server.on('clientError', (_, socket) => socket.destroy());
    this.ready = new Promise((resolve) => this.server.listen(from, resolve));
  }

  // {held: a promise of the first held response, release()}. `speak(response)` may write to it meanwhile.
  hold(method, pattern) {
    const hold = { method, pattern, waiting: [] };
    hold.held = new Promise((resolve) => { hold.caught = resolve; });
    hold.release = () => {
      this.holds = this.holds.filter((one) => one !== hold);
      for (const go of hold.waiting) go();
    };
    this.holds.push(hold);
    return hold;
  }

  async pass(request, response) {
    request.on('error', () => {});
    response.on('error', () => {});
    const body = [];
    for await (const part of request) body.push(part);
    const hold = this.holds.find((one) => one.method === request.method && one.pattern.test(request.url));
    if (hold) {
      await new Promise((resolve) => {
        hold.waiting.push(resolve);
        hold.caught(response);
      });
    }
    const onward = http.request({ agent: false, socketPath: this.to, method: request.method, path: request.url, headers: request.headers });
    onward.on('error', () => response.destroy());
    onward.on('response', (answer) => {
      if (!response.headersSent) response.writeHead(answer.statusCode, answer.headers).flushHeaders();
      answer.pipe(response);
    });
    response.on('close', () => onward.destroy());
    onward.end(Buffer.concat(body));
  }

  close() {
    for (const hold of [...this.holds]) hold.release();
    this.server.closeAllConnections?.();
    this.server.close();
  }
}

// Health is the fake's word: there is no process to ask.
const PROVED_AT_ONCE = {
  readinessProbe: { dockerHealth: {}, periodSeconds: 1 },
  rollout: { minReadySeconds: 0, progressDeadline: '2s' },
};

class Host {
  static async start() {
    const host = new Host();
    host.directory = fs.mkdtempSync(path.join(os.tmpdir(), 'spage-'));
    host.port = await freePort();
    host.url = `http://127.0.0.1:${host.port}/`;
    host.daemonSocket = host.in('daemon.sock');
    const addresses = `127.${64 + Math.floor(Math.random() * 180)}.${1 + Math.floor(Math.random() * 250)}.`;
    host.daemon = spawn(process.env.FAKE_DOCKERD, ['--socket', host.daemonSocket, '--addresses', addresses],
                        { stdio: ['ignore', 'ignore', 'inherit'] });
    host.proxy = new Proxy(host.in('docker.sock'), host.daemonSocket);
    await host.proxy.ready;
    await until('fake_dockerd listens', async () => (await host.docker('GET', '/_fake/state')).status === 200);
    return host;
  }

  in(name) { return path.join(this.directory, name); }

  // As somebody else than the agent.
  docker(method, target, body) {
    return ask({ socketPath: this.daemonSocket, path: target },
               { method, body: body && JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
  }

  // An image into the registry; `profile`: health, exits, start-error, pull.
  publish(reference, profile = {}) {
    return this.docker('POST', `/_fake/publish?${new URLSearchParams({ reference, health: 'healthy', ...profile })}`);
  }

  // A document of containers by name: image, or the whole workload.
  write(containers, more = {}) {
    const spec = {
      network: { name: 'harness' },
      containers: Object.entries(containers).map(([name, one]) => ({
        name, ...PROVED_AT_ONCE, ...(typeof one === 'string' ? { image: one } : one),
      })),
      ...more,
    };
    const text = JSON.stringify(
      { apiVersion: 'spacelet.dev/v1alpha1', kind: 'GitspaceHost', metadata: { name: 'gitspaces-us-west1' }, spec }, null, 1);
    this.writeText(text);
  }

  writeText(text) {
    fs.writeFileSync(this.in('host.new'), text);
    fs.renameSync(this.in('host.new'), this.in('host.yaml'));
  }

  async startAgent() {
    const log = fs.openSync(this.in('agent.log'), 'a');
    this.agent = spawn(process.env.SPACELET,
                       ['agent', '--config', this.in('host.yaml'), '--state-dir', this.in('state'), '--lock-file', this.in('lock'),
                        '--docker-host', `unix://${this.in('docker.sock')}`, '--listen-address', `127.0.0.1:${this.port}`,
                        '--prune-delay', '0s'],
                       { stdio: ['ignore', log, log] });
    fs.closeSync(log);
    await until('the agent answers', async () => (await this.get('livez')).status !== 0);
  }

  async stopAgent(signal = 'SIGTERM') {
    if (!this.agent || this.agent.exitCode !== null || this.agent.signalCode !== null) return;
    const ended = new Promise((resolve) => this.agent.once('exit', resolve));
    this.agent.kill(signal);
    await ended;
  }

  get(target, headers = {}) {
    return ask({ host: '127.0.0.1', port: this.port, path: `/${target}` }, { headers });
  }

  // With the document written, until all of it is so.
  async converge(containers, more) {
    this.write(containers, more);
    if (!this.agent) await this.startAgent();
    const wanted = Object.values(containers).map((one) => one.image ?? one).sort();
    await until('the document is in force', async () => {
      const state = JSON.parse((await this.docker('GET', '/_fake/state')).body);
      const runs = Object.values(state.containers).map((one) => one.image).sort();
      return JSON.stringify(runs) === JSON.stringify(wanted) && (await this.get('readyz')).status === 200;
    });
  }

  log() { return fs.existsSync(this.in('agent.log')) ? fs.readFileSync(this.in('agent.log'), 'utf8') : ''; }

  async close() {
    this.agent?.kill('SIGCONT');
    await this.stopAgent('SIGKILL');
    this.proxy.close();
    const ended = new Promise((resolve) => this.daemon.once('exit', resolve));
    if (this.daemon.kill('SIGKILL')) await ended;
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}

module.exports = { Host, until };
