/** How each server is started for a case: a function (folder, port, case) → { command, files, extra processes }. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const apps = join(dirname(fileURLToPath(import.meta.url)), 'apps');
const modhostMain = fileURLToPath(new URL('../dist/main.js', import.meta.url));
/** Of Debian's Python, which Apache's mod_wsgi is built for: all servers run the applications with the same one. */
const venv = fileURLToPath(new URL('venv', import.meta.url));
const hasVenv = existsSync(join(venv, 'bin/python3'));
const hasPackages = existsSync(fileURLToPath(new URL('node_modules/express', import.meta.url)));
const asRoot = process.getuid?.() === 0;

const programs = {
  apache: '/usr/sbin/apache2',
  nginx: '/usr/sbin/nginx',
  uwsgi: '/usr/bin/uwsgi',
  gunicorn: '/usr/bin/gunicorn',
  granian: join(venv, 'bin/granian'),
};
const apacheModules = '/usr/lib/apache2/modules';

/** @param {string} name */
const has = (name) => existsSync(programs[name] ?? '');

/** A password file entry for user `bench`, password `bench`: bcrypt, cost 5. */
const passwordEntry = 'bench:$2y$05$dzeYpQfEWBUNJS0snYJyleJkjzWgH/yxX8W0BXYHOXTJ/TRz9BvIO\n';

/** What a case cannot be run without; undefined: it can. */
export function missingFor({ needs }) {
  if (needs === 'python' && !existsSync(programs.granian)) return 'the Python packages of bench/peers.sh';
  if (needs === 'packages' && !hasPackages) return 'the npm packages of bench/peers.sh';
  return undefined;
}

/** What both Apache and modhost are given, but for the module lines. */
export function siteFile({ port, app, processes = 1, threads, files, folder, password, idle }) {
  const lines = [`Listen 127.0.0.1:${port}`, 'ServerName 127.0.0.1', 'LogLevel crit'];
  if (app) {
    const count = processes > 1 ? ` processes=${processes}` : '';
    const home = hasVenv && app.endsWith('.py') ? ` python-home=${venv}` : '';
    lines.push(
      `WSGIDaemonProcess bench${count}${threads ? ` threads=${threads}` : ''}${home}`,
      `WSGIScriptAlias / ${apps}/${app} process-group=bench application-group=%{GLOBAL}`,
    );
  }
  if (files) lines.push(`DocumentRoot ${folder}/files`);
  if (idle) lines.push('KeepAliveTimeout 600');
  lines.push('<Directory />', 'Require all granted', '</Directory>', 'MaxKeepAliveRequests 0');
  if (password) {
    lines.push(
      ...['<Location />', 'AuthType Basic', 'AuthName bench', `AuthUserFile ${folder}/users`],
      ...['Require valid-user', '</Location>'],
    );
  }
  return `${lines.join('\n')}\n`;
}

function servedFiles({ files }) {
  if (!files) return {};
  return { 'files/10k.bin': Buffer.alloc(10_240, 'x'), 'files/1m.bin': Buffer.alloc(1_048_576, 'x') };
}

function modhost(setup) {
  return {
    name: 'modhost',
    files: { 'modhost.conf': siteFile(setup), users: passwordEntry, ...servedFiles(setup) },
    commands: [[process.execPath, setup.main ?? modhostMain, '-X', '-d', setup.folder, '-f', 'modhost.conf']],
  };
}

/** The same, for a case whose own extra load this one is spared. */
function modhostWithoutIdle(setup) {
  return { ...modhost(setup), name: 'modhost without them', isSparedIdle: true };
}

function apacheHead({ folder }, more) {
  const names = [
    'mpm_event',
    'authn_core',
    'authn_file',
    'authz_core',
    'authz_user',
    'auth_basic',
    'mime',
    ...more,
  ];
  return [
    ...names.map((name) => `LoadModule ${name}_module ${apacheModules}/mod_${name}.so`),
    `ServerRoot ${folder}`,
    `PidFile ${folder}/apache.pid`,
    `DefaultRuntimeDir ${folder}`,
    `ErrorLog ${folder}/apache.log`,
    'TypesConfig /etc/mime.types',
    ...(asRoot ? ['User www-data', 'Group www-data'] : []),
    '',
  ].join('\n');
}

function apacheWsgi(setup) {
  if (!has('apache') || !existsSync(join(apacheModules, 'mod_wsgi.so'))) return undefined;
  return {
    name: 'Apache + mod_wsgi',
    files: {
      'apache.conf': `${apacheHead(setup, ['wsgi'])}WSGISocketPrefix ${setup.folder}/wsgi\n${siteFile(setup)}`,
      users: passwordEntry,
    },
    commands: [[programs.apache, '-f', join(setup.folder, 'apache.conf'), '-DFOREGROUND']],
  };
}

function apacheFiles(setup) {
  if (!has('apache')) return undefined;
  return {
    name: 'Apache',
    files: { 'apache.conf': apacheHead(setup, []) + siteFile(setup), ...servedFiles(setup) },
    commands: [[programs.apache, '-f', join(setup.folder, 'apache.conf'), '-DFOREGROUND']],
  };
}

function apacheProxy(setup) {
  if (!has('apache')) return undefined;
  const backend = setup.port + 1;
  const site = `Listen 127.0.0.1:${setup.port}\nServerName 127.0.0.1\nLogLevel crit\nMaxKeepAliveRequests 0\nProxyPass / http://127.0.0.1:${backend}/\n`;
  return {
    name: 'Apache mod_proxy → node',
    files: { 'apache.conf': apacheHead(setup, ['proxy', 'proxy_http']) + site },
    commands: [
      [process.execPath, join(apps, 'bare-node.mjs'), String(backend), setup.app],
      [programs.apache, '-f', join(setup.folder, 'apache.conf'), '-DFOREGROUND'],
    ],
  };
}

function nginxConf({ folder, port }, location, upstream = '') {
  return `${asRoot ? 'user www-data;\n' : ''}worker_processes 2;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx.log crit;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; uwsgi_temp_path ${folder}/u;
  fastcgi_temp_path ${folder}/f; scgi_temp_path ${folder}/s;
  ${upstream}
  server { listen 127.0.0.1:${port} backlog=511; ${location} }
}
`;
}

function nginx(setup) {
  return [programs.nginx, '-c', join(setup.folder, 'nginx.conf'), '-p', setup.folder];
}

function nginxUwsgi(setup) {
  if (!has('nginx') || !has('uwsgi')) return undefined;
  const { folder, app, threads = 1, processes = 1 } = setup;
  const location = `location / { uwsgi_pass unix:${folder}/uwsgi.sock; ${uwsgiParameters} }`;
  const many = threads > 1 ? ['--threads', String(threads)] : [];
  return {
    name: 'nginx → uWSGI',
    files: { 'nginx.conf': nginxConf(setup, location) },
    commands: [
      [
        ...[programs.uwsgi, '--plugin', 'python3', '--socket', `${folder}/uwsgi.sock`, '--chmod-socket=666'],
        ...['--wsgi-file', join(apps, app), '--master', '--processes', String(processes), ...many],
        ...['--disable-logging', '--listen', '100', ...(hasVenv ? ['--virtualenv', venv] : [])],
      ],
      nginx(setup),
    ],
  };
}

const uwsgiParameters = [
  ...['QUERY_STRING $query_string', 'REQUEST_METHOD $request_method', 'CONTENT_TYPE $content_type'],
  ...['CONTENT_LENGTH $content_length', 'REQUEST_URI $request_uri', 'PATH_INFO $document_uri'],
  ...['SERVER_PROTOCOL $server_protocol', 'REMOTE_ADDR $remote_addr', 'SERVER_PORT $server_port'],
  'SERVER_NAME $server_name',
]
  .map((parameter) => `uwsgi_param ${parameter};`)
  .join(' ');

function nginxGunicorn(setup) {
  if (!has('nginx') || !has('gunicorn')) return undefined;
  const { folder, app, threads = 1, processes = 1 } = setup;
  const upstream = `upstream app { server unix:${folder}/gunicorn.sock; keepalive 32; }`;
  const location =
    'location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; }';
  return {
    name: 'nginx → gunicorn gthread',
    files: { 'nginx.conf': nginxConf(setup, location, upstream) },
    commands: [
      [
        ...[
          programs.gunicorn,
          '--bind',
          `unix:${folder}/gunicorn.sock`,
          '--umask',
          '0',
          '--worker-class',
          'gthread',
        ],
        ...['--workers', String(processes), '--threads', String(threads), '--chdir', apps],
        ...['--log-level', 'critical', `${app.replace(/\.py$/, '')}:application`],
      ],
      nginx(setup),
    ],
  };
}

function nginxGranian(setup) {
  if (!has('nginx') || !has('granian')) return undefined;
  const { folder, app, threads = 1, processes = 1 } = setup;
  const upstream = `upstream app { server unix:${folder}/granian.sock; keepalive 32; }`;
  const location =
    'location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; }';
  return {
    name: 'nginx → granian',
    files: { 'nginx.conf': nginxConf(setup, location, upstream) },
    commands: [
      [
        ...[programs.granian, '--interface', 'wsgi', '--uds', `${folder}/granian.sock`],
        ...['--workers', String(processes), '--blocking-threads', String(threads)],
        ...['--no-ws', '--no-access-log', '--log-level', 'critical', '--working-dir', apps],
        `${app.replace(/\.py$/, '')}:application`,
      ],
      nginx(setup),
    ],
    openSockets: [`${folder}/granian.sock`],
  };
}

function nginxNode(setup) {
  if (!has('nginx')) return undefined;
  const { folder, app } = setup;
  const upstream = `upstream app { server unix:${folder}/node.sock; keepalive 32; }`;
  const location =
    'location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; }';
  return {
    name: 'nginx → node',
    files: { 'nginx.conf': nginxConf(setup, location, upstream) },
    commands: [[process.execPath, join(apps, 'bare-node.mjs'), `${folder}/node.sock`, app], nginx(setup)],
    // nginx's workers are another user.
    openSockets: [`${folder}/node.sock`],
  };
}

function bareNode(setup) {
  return {
    name: 'bare node:http',
    files: {},
    commands: [[process.execPath, join(apps, 'bare-node.mjs'), String(setup.port), setup.app]],
  };
}

export const servers = {
  modhost,
  modhostWithoutIdle,
  apacheWsgi,
  apacheFiles,
  apacheProxy,
  nginxUwsgi,
  nginxGunicorn,
  nginxGranian,
  nginxNode,
  bareNode,
};
