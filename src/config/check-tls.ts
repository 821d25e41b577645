import { buildTls } from './build-tls.js';
import type { ConfigDraft, ServerDraft } from './draft.js';
import type { Listener } from './model.js';

/** What TLS needs, and what looks like TLS and is none. */
export function checkTls(draft: ConfigDraft): void {
  const isExplained = hasReported(draft);
  for (const server of [draft.mainServer, ...draft.virtualHosts]) checkServer(draft, server, isExplained);
  for (const listener of draft.listeners)
    if (listener.protocol === 'https' && !speaksTls(draft, listener))
      draft.mistakes.warning(
        listener,
        'Listen',
        'https says nothing by itself: without SSLEngine on in a virtual host of this port, plain HTTP is spoken here',
        { kind: 'tls-plain', at: { word: 'https' } },
      );
}

function checkServer(draft: ConfigDraft, server: ServerDraft, isExplained: boolean): void {
  const tls = buildTls(draft, server);
  // What was written and could not be taken has been reported.
  if (tls === undefined || (isExplained && tls.certificateFiles.length === 0)) return;
  const { position } = tls;
  if (tls.certificateFiles.length === 0)
    draft.mistakes.error({ position }, 'SSLEngine', 'expected an SSLCertificateFile beside it', {
      kind: 'tls-incomplete',
      at: 'name',
    });
  else if (tls.keyFiles.length > tls.certificateFiles.length)
    draft.mistakes.error(
      { position: (tls.keyFiles[tls.certificateFiles.length] ?? tls).position },
      'SSLCertificateKeyFile',
      'expected an SSLCertificateFile for each key',
      { kind: 'tls-incomplete', at: 'name' },
    );
  const { sectionAuthorities = [] } = { ...draft.mainServer.tls, ...server.tls };
  for (const named of sectionAuthorities)
    if (named.path !== tls.authorityFile?.path || tls.authorityPath !== undefined)
      draft.mistakes.error(
        named,
        named.directive,
        'names others than elsewhere in this virtual host; a connection has one handshake, so expected the same file everywhere',
        { kind: 'argument-refused' },
      );
  const believes = tls.authorityFile !== undefined || tls.authorityPath !== undefined;
  if (believes || isExplained || tls.verifyClient === 'optional_no_ca') return;
  const missing = 'but no SSLCACertificateFile or SSLCACertificatePath says whose count';
  if (tls.verifyClient !== 'none')
    draft.mistakes.error(
      { position },
      'SSLEngine',
      `client certificates are asked for (SSLVerifyClient), ${missing}`,
      {
        kind: 'tls-incomplete',
        at: 'name',
      },
    );
  else if (tls.sectionsVerify)
    draft.mistakes.warning(
      { position },
      'SSLEngine',
      `sections ask for client certificates (SSLVerifyClient), ${missing}: nobody can enter there`,
      { kind: 'tls-incomplete', at: 'name' },
    );
}

function hasReported({ mistakes }: ConfigDraft): boolean {
  return mistakes.all.some(
    ({ severity, directive }) => severity === 'error' && (directive === undefined || /^SSL/i.test(directive)),
  );
}

function speaksTls(draft: ConfigDraft, { port }: Listener): boolean {
  const reached = draft.virtualHosts.filter(({ addresses }) =>
    addresses.some((address) => address.port === '*' || address.port === port),
  );
  return [draft.mainServer, ...reached].some((server) => buildTls(draft, server) !== undefined);
}
